//go:build linux

package bundle

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// machine is a home with programs; only the first has podman-skupper.
type machine struct {
	t    *testing.T
	home sandbox.Home
	path string
	env  []string
}

func (m machine) run(name string, args ...string) (string, int) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), name, args...)
	cmd.Env = append(m.home.Env(), append([]string{"PATH=" + m.path}, m.env...)...)
	cmd.Dir = m.home.Dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (m machine) must(name string, args ...string) string {
	m.t.Helper()
	out, code := m.run(name, args...)
	if code != 0 {
		m.t.Fatalf("%s %q: exit %d: %s", filepath.Base(name), args, code, out)
	}
	return out
}

func (m machine) write(file, text string) {
	m.t.Helper()
	path := filepath.Join(m.home.Dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

const system = "/usr/bin:/bin"

// machines are the one with podman-skupper, and one with a router program only.
func machines(t *testing.T) (here, there machine, program string) {
	t.Helper()
	bin := t.TempDir()
	program, err := sandbox.Build(t.Context(), bin, "plugins/podman-skupper")
	if err != nil {
		t.Fatal(err)
	}
	routers := t.TempDir()
	if _, err := sandbox.Build(t.Context(), routers, "router/cmd/skupper-router"); err != nil {
		t.Fatal(err)
	}
	return machine{t: t, home: sandbox.New(t), path: system}, machine{t: t, home: sandbox.New(t), path: routers + ":" + system}, program
}

func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// Two sites from bundles, linked by a link that the first installer gave, carry traffic; afterwards both go without a trace.
func TestTwoSites(t *testing.T) {
	here, there, program := machines(t)
	server, client := loopback.Echo(t), loopback.FreePort(t)
	out := here.must(program, "site", "generate", "west", "--enable-link-access", "--advertise", "127.0.0.1")
	here.write("west/site.yaml", out)
	here.write("west/backend.yaml", here.must(program, "connector", "generate", "backend", fmt.Sprint(server), "--host", "127.0.0.1"))
	file := strings.Split(here.must(program, "system", "generate-bundle", "west", "--input", "west"), "\n")[0]
	mode(t, file, 0o600)
	there.must("tar", "-xzf", file)
	installer := filepath.Join(there.home.Dir, "install.sh")
	if out := there.must("sh", installer, "-p", "linux", "-n", "first"); !strings.Contains(out, "Site is installed in namespace first, on linux") {
		t.Errorf("install: %s", out)
	}
	if out, code := there.run("sh", installer, "-p", "linux", "-n", "first"); code != 6 || !strings.Contains(out, "namespace first has a site already") {
		t.Errorf("installed twice: exit %d: %s", code, out)
	}
	root := filepath.Join(there.home.Dir, "namespaces", "first")
	whole(t, root)
	links := strings.Fields(there.must("sh", installer, "-d", "links", "-n", "first"))
	if len(links) == 0 {
		t.Fatal("no links")
	}
	text, err := os.ReadFile(filepath.Join(there.home.Dir, links[0]))
	if err != nil {
		t.Fatal(err)
	}
	mode(t, filepath.Join(there.home.Dir, links[0]), 0o600)

	here.write("east/site.yaml", here.must(program, "site", "generate", "east", "--namespace", "second"))
	here.write("east/link.yaml", string(text))
	here.write("east/backend.yaml", here.must(program, "listener", "generate", "backend", fmt.Sprint(client), "--host", "127.0.0.1", "--namespace", "second"))
	script := strings.Split(here.must(program, "system", "generate-bundle", "east", "--input", "east", "--type", "shell-script", "--namespace", "second"), "\n")[0]
	mode(t, script, 0o700)
	there.must("sh", script, "-p", "linux")
	whole(t, filepath.Join(there.home.Dir, "namespaces", "second"))
	eventually(t, "traffic", func() error { return loopback.Ask(client) })

	// The program, when it comes to that machine, sees the site as it is.
	if out := there.must(program, "listener", "status", "--namespace", "second", "--noheading"); !strings.Contains(out, "backend") {
		t.Errorf("status: %s", out)
	}
	if out := there.must("sh", script, "-x"); !strings.Contains(out, "Namespace second has been removed") {
		t.Errorf("remove: %s", out)
	}
	there.must("sh", installer, "-x", "-n", "first")
	if left, err := os.ReadDir(filepath.Join(there.home.Dir, "namespaces")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	eventually(t, "the routers end", func() error {
		if pids := there.home.Processes(); len(pids) > 0 {
			return fmt.Errorf("still there: %v", pids)
		}
		return nil
	})
	if _, code := there.run("sh", installer, "-x", "-n", "first"); code != 4 {
		t.Errorf("removed twice: exit %d, want 4", code)
	}
}

func mode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
		t.Errorf("%s: mode %v, %v; want %v", path, info.Mode().Perm(), err, want)
	}
}

// whole checks that everything was filled in, and that nobody else can read a key.
func whole(t *testing.T, root string) {
	t.Helper()
	keys := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "{{.") {
			t.Errorf("%s has something left to fill in", path)
		}
		if strings.Contains(string(text), "PRIVATE KEY") || strings.HasPrefix(filepath.Base(path), "link-") {
			keys++
			mode(t, path, 0o600)
		}
		return nil
	})
	if err != nil || keys == 0 {
		t.Errorf("%d keys, %v", keys, err)
	}
}

// The container is made as the program itself makes it. A failure of the engine leaves nothing.
func TestContainer(t *testing.T) {
	here, there, program := machines(t)
	here.write("west/site.yaml", here.must(program, "site", "generate", "west"))
	file := strings.Split(here.must(program, "system", "generate-bundle", "west", "--input", "west"), "\n")[0]
	there.must("tar", "-xzf", file)
	for _, platform := range []string{"podman", "docker"} {
		t.Run(platform, func(t *testing.T) {
			there := there
			there.t = t
			there.write("bin/"+platform, "#!/bin/sh\ncase $1 in container) [ \"$2\" = ls ] && echo c1; exit 1 ;; esac\nprintf '%s ' \"$@\" >>"+there.home.Dir+"/calls; echo >>"+there.home.Dir+"/calls\nexit ${FAIL:-0}\n")
			if err := os.Chmod(filepath.Join(there.home.Dir, "bin", platform), 0o755); err != nil {
				t.Fatal(err)
			}
			m := there
			m.path, m.env = filepath.Join(there.home.Dir, "bin")+":"+system, []string{"SKUPPER_ROUTER_IMAGE=localhost/router:1"}
			m.env = append(m.env, "FAIL=3")
			if out, code := m.run("sh", "install.sh", "-p", platform); code != 125 || !strings.Contains(out, platform+" cannot make the container") {
				t.Errorf("the engine fails: exit %d: %s", code, out)
			}
			if _, err := os.Stat(filepath.Join(m.home.Dir, "namespaces", "default")); !os.IsNotExist(err) {
				t.Errorf("a failure leaves something: %v", err)
			}
			if err := os.Remove(filepath.Join(m.home.Dir, "calls")); err != nil {
				t.Fatal(err)
			}
			m.env = m.env[:1]
			m.must("sh", "install.sh", "-p", platform)
			root := filepath.Join(m.home.Dir, "namespaces", "default")
			whole(t, root)
			calls, err := os.ReadFile(filepath.Join(m.home.Dir, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"create --name default-skupper-router --network host --restart always ", " --label application=skupper-v2 --label skupper.io/v2-component=router --label skupper.io/site-id=",
				" -e SSL_PROFILE_BASE_PATH=/etc/skupper-router ", " -v " + root + "/runtime/router:/etc/skupper-router/config:z -v " + root + "/runtime/certs:/etc/skupper-router/runtime/certs:z", " localhost/router:1 \nstart c1 \n"} {
				if !strings.Contains(string(calls), want) {
					t.Errorf("no %q in\n%s", want, calls)
				}
			}
			if text, err := os.ReadFile(filepath.Join(root, "runtime", "router", "skrouterd.json")); err != nil || !strings.Contains(string(text), `"/etc/skupper-router/runtime/certs/skupper-local-server/tls.key"`) ||
				!strings.Contains(string(text), `\"platform\":\"`+platform+`\"`) {
				t.Errorf("configuration: %v\n%s", err, text)
			}
			m.must("sh", "install.sh", "-x")
		})
	}
	for args, want := range map[string]string{"-p kubernetes": "want podman, docker or linux", "-n A": "namespace is A", "-n agent": "can have no site", "-n controller": "can have no site", "-n ../x": "namespace is ../x", "-n x y": "one too many", "-q": "Usage:"} {
		if out, code := there.run("sh", append([]string{"install.sh"}, strings.Fields(args)...)...); code != 2 || !strings.Contains(out, want) {
			t.Errorf("install.sh %s: exit %d: %s", args, code, out)
		}
	}
}

func TestRefused(t *testing.T) {
	here, _, program := machines(t)
	here.write("none/x.yaml", here.must(program, "listener", "generate", "x", "80"))
	here.write("bad/x.yaml", "kind: Site\n")
	for args, want := range map[string]string{
		"../x":               "NAME is",
		"x/y":                "NAME is",
		"x --input none":     "have 0 sites, want 1",
		"x --input bad":      "bad/x.yaml",
		"x --input /nowhere": "no directory",
		"x --type zip":       "want tarball or shell-script",
		"x":                  "have 0 sites, want 1",
	} {
		if out, code := here.run(program, append([]string{"system", "generate-bundle"}, strings.Fields(args)...)...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, want %q: %s", args, code, want, out)
		}
	}
	if left, err := filepath.Glob(filepath.Join(here.home.Dir, "bundles", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
