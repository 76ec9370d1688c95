//go:build kube

package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// shell runs the plugin as a user with a kubeconfig and a namespace of its own.
type shell struct {
	t         *testing.T
	namespace string
	dir       string // where the plugin runs, and its home
	admin     *Client
}

var made atomic.Int64

// newShell makes a namespace of the server and a kubeconfig for the user.
func newShell(t *testing.T, s *Server, user string) *shell {
	t.Helper()
	sh := &shell{t: t, namespace: fmt.Sprintf("n%d", made.Add(1)), dir: t.TempDir(), admin: s.Client(Admin)}
	sh.must("POST", "/api/v1/namespaces", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"`+sh.namespace+`"}}`)
	if err := s.Kubeconfig(sh.file("config"), user, sh.namespace); err != nil {
		t.Fatal(err)
	}
	return sh
}

func (sh *shell) file(name string) string { return filepath.Join(sh.dir, name) }

// must asks the server as its administrator.
func (sh *shell) must(method, path, body string) map[string]any {
	sh.t.Helper()
	tree, err := sh.admin.Must(sh.t.Context(), method, path, body)
	if err != nil {
		sh.t.Fatal(err)
	}
	return tree
}

// path is the address of our resources in the namespace.
func (sh *shell) path(parts ...string) string {
	return "/apis/skupper.io/v2alpha1/namespaces/" + sh.namespace + "/" + strings.Join(parts, "/")
}

func (sh *shell) create(plural, name, rest string) {
	sh.t.Helper()
	kind := map[string]string{"sites": "Site", "links": "Link", "accesstokens": "AccessToken", "connectors": "Connector", "listeners": "Listener"}[plural]
	sh.must("POST", sh.path(plural), `{"apiVersion":"skupper.io/v2alpha1","kind":"`+kind+`","metadata":{"name":"`+name+`"},`+rest+`}`)
}

// names are those of the resources there are.
func (sh *shell) names(plural string) (names []string) {
	sh.t.Helper()
	list, _ := sh.must("GET", sh.path(plural), "")["items"].([]any)
	for _, item := range list {
		names = append(names, at(item, "metadata", "name").(string))
	}
	return names
}

// at is what a tree has at a path, nil if it has nothing there.
func at(tree any, path ...string) any {
	for _, key := range path {
		m, ok := tree.(map[string]any)
		if !ok {
			return nil
		}
		tree = m[key]
	}
	return tree
}

// condition is a status with one condition.
func condition(kind, state, reason, message string) string {
	return fmt.Sprintf(`{"status":{"status":%q,"message":%q,"conditions":[{"type":%q,"status":%q,"reason":%q,"message":%q,"observedGeneration":99,"lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`,
		reason, message, kind, state, reason, message)
}

// result is what a command line led to.
type result struct {
	code     int
	out, err string
	took     time.Duration
}

// patience bounds every wait for the server, the plugin or an adaptor; on a quiet machine it is milliseconds.
const patience = 2 * time.Minute

// run runs the plugin.
func (sh *shell) run(args ...string) result {
	sh.t.Helper()
	return sh.interrupted(nil, args...)
}

// interrupted is run that interrupts the plugin when there is something to receive.
func (sh *shell) interrupted(when <-chan struct{}, args ...string) result {
	sh.t.Helper()
	ctx, cancel := context.WithTimeout(sh.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, plugin, args...)
	cmd.Dir = sh.dir
	cmd.Env = append(os.Environ(), "HOME="+sh.dir, "KUBECONFIG="+sh.file("config"), "KUBERNETES_MASTER=")
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	start := time.Now()
	err := cmd.Start()
	if err == nil {
		ended := make(chan struct{})
		go func() {
			select {
			case <-when:
				_ = cmd.Process.Signal(os.Interrupt) // it may have ended just now
			case <-ended:
			}
		}()
		err = cmd.Wait()
		close(ended)
	}
	r := result{0, out.String(), stderr.String(), time.Since(start)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
	case err != nil:
		sh.t.Fatal(err)
	}
	return r
}

// ok runs the plugin and gives its answer.
func (sh *shell) ok(args ...string) string {
	sh.t.Helper()
	r := sh.run(args...)
	if r.code != 0 {
		sh.t.Fatalf("%v: exit code %d\n%s%s", args, r.code, r.out, r.err)
	}
	return r.out
}

// fails runs the plugin, wants an exit code and parts of what it says on stderr, and nothing on stdout.
func (sh *shell) fails(code int, parts []string, args ...string) result {
	sh.t.Helper()
	r := sh.run(args...)
	if r.code != code || r.out != "" {
		sh.t.Errorf("%v: exit code %d, want %d\nstdout: %s\nstderr: %s", args, r.code, code, r.out, r.err)
	}
	for _, p := range parts {
		if !strings.Contains(r.err, p) {
			sh.t.Errorf("%v: stderr lacks %q:\n%s", args, p, r.err)
		}
	}
	return r
}

func (sh *shell) equal(what, got, want string) {
	sh.t.Helper()
	if got != want {
		sh.t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

// controller does what step says, again and again, until it is done or the test ends.
func (sh *shell) controller(step func(c *Client) (done bool, err error)) {
	ctx, cancel := context.WithCancel(sh.t.Context())
	ended := make(chan error, 1)
	go func() {
		for {
			done, err := step(sh.admin)
			if done || err != nil {
				ended <- err
				return
			}
			select {
			case <-ctx.Done():
				ended <- nil
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	sh.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && ctx.Err() == nil {
			sh.t.Error(err)
		}
	})
}

// whenThere changes the status of the first resource of a kind as soon as there is one.
func (sh *shell) whenThere(plural, patch string) {
	sh.controller(func(c *Client) (bool, error) {
		ctx := context.WithoutCancel(sh.t.Context())
		list, err := c.Must(ctx, "GET", sh.path(plural), "")
		items, _ := list["items"].([]any)
		if err != nil || len(items) == 0 {
			return false, err
		}
		_, err = c.Must(ctx, "PATCH", sh.path(plural, at(items[0], "metadata", "name").(string), "status"), patch)
		return true, err
	})
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if d.More() {
		t.Fatalf("more than one document in\n%s", text)
	}
	return tree
}
