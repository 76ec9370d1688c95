package kubehost

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/host"
)

// result is what a command line led to.
type result struct {
	code     int
	out, err string
}

// call runs a command line in a directory of its own, with no kubeconfig but those that args name.
func call(t *testing.T, args ...string) result {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_MASTER", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out, stderr strings.Builder
	h := Host{version: "v1.2.3", getenv: os.Getenv, warn: &stderr,
		now: func() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }}
	code := command.Main(ctx, h, host.Streams{In: strings.NewReader(""), Out: &out, Err: &stderr}, args)
	return result{code, out.String(), stderr.String()}
}

// apiServer answers every list with the same text and remembers what it was asked for.
func apiServer(t *testing.T, lists map[string]string) (url string, asked *[]*http.Request) {
	t.Helper()
	asked = new([]*http.Request)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // client-go sends no token in the clear
		*asked = append(*asked, r)
		w.Header().Set("Content-Type", "application/json")
		text, ok := lists[filepath.Base(r.URL.Path)]
		if !ok {
			text = `{"kind":"List","apiVersion":"v1","items":[]}`
		}
		_, _ = io.WriteString(w, text) // the test sees what came of it
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

// TestConnectionFlags sees what flags make of a request.
func TestConnectionFlags(t *testing.T) {
	url, asked := apiServer(t, nil)
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters:\n- {name: c, cluster: {server: \"" + url + "\", insecure-skip-tls-verify: true}}\nusers:\n- {name: u, user: {token: first}}\n- {name: v, user: {token: second}}\n" +
		"contexts:\n- {name: one, context: {cluster: c, user: u, namespace: west}}\n- {name: two, context: {cluster: c, user: v}}\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, args, path string
		headers          map[string][]string
	}{
		{"context of the file", "link status", "west", map[string][]string{"Authorization": {"Bearer first"}, "User-Agent": {"kubectl-skupper/v1.2.3"}}},
		{"another context", "-c two link status", "default", map[string][]string{"Authorization": {"Bearer second"}}},
		{"another user", "link status --user=v", "west", map[string][]string{"Authorization": {"Bearer second"}}},
		{"namespace", "link -n east status", "east", nil},
		{"namespace behind", "link status -neast", "east", nil},
		{"token", "link status --token third", "west", map[string][]string{"Authorization": {"Bearer third"}}},
		{"impersonation", "link status --as eve --as-group a --as-group b,c --as-uid 7", "west",
			map[string][]string{"Impersonate-User": {"eve"}, "Impersonate-Group": {"a", "b,c"}, "Impersonate-Uid": {"7"}}},
		{"compression", "link status --disable-compression", "west", map[string][]string{"Accept-Encoding": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			*asked = nil
			r := call(t, append(strings.Fields(c.args), "--kubeconfig", kubeconfig)...)
			if r.code != 0 || len(*asked) == 0 {
				t.Fatalf("%+v, %d requests", r, len(*asked))
			}
			first := (*asked)[0]
			if want := "/apis/skupper.io/v2alpha1/namespaces/" + c.path + "/links"; first.URL.Path != want {
				t.Errorf("asked for %s, want %s", first.URL.Path, want)
			}
			for name, want := range c.headers {
				if got := first.Header.Values(name); !slices.Equal(got, want) {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
	*asked = nil
	if r := call(t, "link", "status", "-A", "--kubeconfig", kubeconfig); r.code != 0 || (*asked)[0].URL.Path != "/apis/skupper.io/v2alpha1/links" ||
		r.err != "there are no links in any namespace\n" {
		t.Errorf("of all namespaces: %+v", r)
	}
}

// TestRequestTimeout ends a request that nobody answers.
func TestRequestTimeout(t *testing.T) {
	hang := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(hang) })
	if r := call(t, "site", "status", "-s", srv.URL, "--request-timeout", "200ms"); r.code != 1 || !strings.Contains(r.err, "cannot reach the cluster at "+srv.URL) {
		t.Errorf("%+v", r)
	}
}

// TestRequestTimeoutInSeconds takes all that kubectl takes, and nothing else.
func TestRequestTimeoutInSeconds(t *testing.T) {
	url, _ := apiServer(t, nil)
	for value, code := range map[string]int{"0": 0, "30": 0, "30s": 0, "2m": 0, "soon": 2, "3 s": 2} {
		r := call(t, "link", "status", "-s", url, "--insecure-skip-tls-verify", "--request-timeout="+value)
		if r.code != code || code == 2 && !strings.Contains(r.err, "request-timeout is \""+value+"\"") {
			t.Errorf("%s: %+v, want code %d", value, r, code)
		}
	}
}

// TestCompleteBeforeTheCommand offers the contexts of the kubeconfig, and the namespaces of the cluster, before a command is named.
func TestCompleteBeforeTheCommand(t *testing.T) {
	url, asked := apiServer(t, map[string]string{"namespaces": `{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"east"}},{"metadata":{"name":"west"}}]}`})
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters:\n- {name: c, cluster: {server: \"" + url + "\", insecure-skip-tls-verify: true}}\n" +
		"users:\n- {name: u, user: {token: first}}\n- {name: v, user: {token: second}}\ncontexts:\n- {name: one, context: {cluster: c, user: u}}\n- {name: two, context: {cluster: c, user: v}}\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]string{
		"--context ": "one two :4", "-c ": "one two :4", "--context=t": "--context=two :4", "link --context ": "one two :4",
		"--context two -n ": "east west :4", "--context two link -n w": "west :4", "--context two link status -n w": "west :4",
	} {
		*asked = nil
		args := append([]string{"__completeNoDesc", "--kubeconfig", kubeconfig}, strings.Split(words, " ")...)
		r := call(t, args...)
		if got := strings.Join(strings.Fields(r.out), " "); r.code != 0 || got != want {
			t.Errorf("%q: got %q, want %q (%+v)", words, got, want, r)
		}
		if strings.Contains(words, "two -n") && (len(*asked) != 1 || (*asked)[0].Header.Get("Authorization") != "Bearer second") {
			t.Errorf("%q: asked %v", words, *asked)
		}
	}
}

// TestPages reads a listing that the server gives in parts, and once forgets where it was.
func TestPages(t *testing.T) {
	forgot := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := r.URL.Query().Get("continue")
		next := map[string]string{"": "2", "2": "3"}[page]
		if strings.HasSuffix(r.URL.Path, "/sites") {
			next = ""
		}
		w.Header().Set("Content-Type", "application/json")
		if page == "3" && !forgot {
			forgot = true
			w.WriteHeader(http.StatusGone)
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}`) // the client tells
			return
		}
		fmt.Fprintf(w, `{"kind":"List","apiVersion":"skupper.io/v2alpha1","metadata":{"continue":%q},"items":[{"apiVersion":"skupper.io/v2alpha1","kind":"X","metadata":{"name":"n%s"}}]}`, next, page)
	}))
	t.Cleanup(srv.Close)
	if r := call(t, "link", "status", "-s", srv.URL, "-o", "name"); r.out != "link.skupper.io/n\nlink.skupper.io/n2\nlink.skupper.io/n3\n" {
		t.Errorf("%+v", r)
	}
}

// TestGenerate needs no cluster, and names a namespace only if the user did.
func TestGenerate(t *testing.T) {
	const head = "apiVersion: skupper.io/v2alpha1\nkind: Connector\nmetadata:\n  name: backend\n"
	const spec = "spec:\n  port: 8080\n  routingKey: backend\n  selector: app=backend\n  type: tcp\n"
	for _, c := range []struct{ args, want string }{
		{"connector generate backend 8080", head + spec},
		{"connector generate backend 8080 -n west", head + "  namespace: west\n" + spec},
		{"connector generate backend 8080 -o name", "connector.skupper.io/backend\n"},
		{"connector generate backend 8080 -o jsonpath={.spec.port}", "8080"},
		{"connector generate backend 8080 -o jsonpath={.spec.none}", ""},
		{"connector generate backend 8080 -o go-template={{.kind}}", "Connector"},
		{"listener generate backend 8080 -o jsonpath={.spec.host}", "backend"},
		{"site generate west --enable-link-access --link-access-type gateway --enable-ha -o jsonpath={.spec}", `{"ha":true,"linkAccess":"gateway"}`},
	} {
		t.Run(c.args, func(t *testing.T) {
			if r := call(t, strings.Fields(c.args)...); r.code != 0 || r.out != c.want || r.err != "" {
				t.Errorf("got %+v, want %q", r, c.want)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"connector generate a 1 -o wide", `output is "wide", want one of json, yaml, name`},
		{"link status -o xml", `output is "xml", want one of json, yaml, name`},
		{"link status -o json=x", `output is "json=x"`},
		{"link status -o jsonpath=", `want a template behind jsonpath=`},
		{"link status -o custom-columns=A", `custom-columns has "A", want TITLE:PATH`},
		{"link status -o custom-columns=A:.x,B:.{", `custom-columns has ".{", which is no path`},
		{"link status -l a=b=c", `selector is "a=b=c"`},
		{"link status -A east", "all-namespaces and a name cannot be given both"},
		{"link status --platform linux", `platform is "linux", want kubernetes: podman-skupper is for local sites`},
		{"link status --as-group", "flag --as-group needs a value"},
		{"options x", `operand "x" is one too many`},
	} {
		t.Run(c.args, func(t *testing.T) {
			if r := call(t, strings.Fields(c.args)...); r.code != 2 || r.out != "" || !strings.Contains(r.err, c.want) {
				t.Errorf("got %+v, want %q", r, c.want)
			}
		})
	}
	// --selector of a connector chooses pods, and takes any selector there is.
	if r := call(t, "connector", "generate", "a", "1", "--selector", "app in (a,b)", "-o", "jsonpath={.spec.selector}"); r.out != "app in (a,b)" {
		t.Errorf("%+v", r)
	}
}

// TestOptions lists every flag of the connection, also those that the help of a verb does not show.
func TestOptions(t *testing.T) {
	r := call(t, "options")
	for _, want := range []string{"-n, --namespace=STRING", "-s, --server=STRING", "-c, --context=STRING", "--as-group=VALUE", "--insecure-skip-tls-verify\n", "--token=STRING", "--cluster=STRING"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("options lacks %q", want)
		}
	}
	help := call(t, "site", "status", "--help").out
	if !strings.Contains(help, "-n, --namespace") || strings.Contains(help, "--insecure-skip-tls-verify") {
		t.Errorf("help:\n%s", help)
	}
}
