//go:build kube

package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// atOnce is how long a command may take that cannot succeed, on a machine that is busy with other things: less than the minute that
// commands wait for what may come.
const atOnce = 40 * time.Second

func quick(t *testing.T, r result) {
	t.Helper()
	if r.took > atOnce {
		t.Errorf("it took %v to say so", r.took)
	}
}

// verbs are one of each sort.
var verbs = [][]string{
	{"site", "status"}, {"site", "create", "west"}, {"link", "status", "x"}, {"listener", "create", "x", "80"}, {"connector", "delete", "x"},
	{"token", "issue", "x.yaml"}, {"token", "redeem", "east.yaml"}, {"link", "generate"}, {"site", "delete", "--all"},
}

func TestMissingDefinitions(t *testing.T) {
	sh := newShell(t, bare, Admin)
	writeToken(sh, "east.yaml")
	for _, v := range verbs {
		t.Run(strings.Join(v, "_"), func(t *testing.T) {
			quick(t, sh.fails(4, []string{"the cluster does not know ", "Skupper v2 is not installed in it", "kubectl skupper install puts it there"}, v...))
		})
	}
}

// TestNobodyActs has a cluster without a controller: what waits says so, not only that it waits.
func TestNobodyActs(t *testing.T) {
	sh := newShell(t, server, Admin)
	sh.fails(3, []string{"site west is not ready after 8s: no controller is installed in the cluster", "kubectl skupper install puts it there"}, "site", "create", "west", "--timeout", "8s")
	const deployments = "/apis/apps/v1/namespaces/"
	t.Cleanup(func() { // the next run has none
		_, _, _ = sh.admin.Do(context.WithoutCancel(t.Context()), "DELETE", deployments+sh.namespace+"/deployments/skupper-controller", nil)
	})
	sh.must("POST", deployments+sh.namespace+"/deployments", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"skupper-controller","labels":{"app.kubernetes.io/name":"skupper-controller"}},
		"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"controller","image":"x:1"}]}}}}`)
	sh.fails(3, []string{"the controller, in namespace " + sh.namespace + ", is not available", "kubectl get pods -n " + sh.namespace}, "listener", "create", "x", "80", "--timeout", "8s")
	sh.setState(sh.namespace, available)
	sh.fails(3, []string{"listener y is not configured after 8s: Not Configured"}, "listener", "create", "y", "80", "--timeout", "8s")
}

// TestNoAddress has a load balancer that nobody gives an address.
func TestNoAddress(t *testing.T) {
	sh := newShell(t, server, Admin)
	sh.must("POST", "/api/v1/namespaces/"+sh.namespace+"/services", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"skupper-router","labels":{"internal.skupper.io/secured-access":"true"}},
		"spec":{"type":"LoadBalancer","ports":[{"port":55671}]}}`)
	sh.whenThere("sites", condition("Ready", "False", "Pending", "Pending"))
	sh.fails(3, []string{"site west is not ready after 8s: the cluster has given load balancer skupper-router no address yet", "kubectl get service skupper-router -n " + sh.namespace, "kubectl skupper install --enable-access-type"},
		"site", "create", "west", "--enable-link-access", "--timeout", "8s")
}

// TestTokenThatWaits has a token that nobody could redeem yet: it shows, and can be given up.
func TestTokenThatWaits(t *testing.T) {
	sh := newShell(t, server, Admin)
	sh.create("accesstokens", "east-1", `"spec":{"url":"https://h:1/x","code":"c","ca":"x"}`)
	r := sh.run("link", "status", "-n", sh.namespace)
	if want := "token east-1 is not redeemed: Not Redeemed; kubectl skupper link delete east-1 --namespace " + sh.namespace + " gives it up\n"; r.code != 0 || !strings.Contains(r.err, want) {
		t.Errorf("%+v lacks %q", r, want)
	}
	sh.fails(4, []string{"there is no link east-1 yet, as its token is not redeemed: Not Redeemed"}, "link", "status", "east-1")
	sh.equal("deleted", sh.ok("link", "delete", "east-1"), "accesstoken.skupper.io/east-1 deleted\n")
	if names := sh.names("accesstokens"); len(names) > 0 {
		t.Errorf("there are %v", names)
	}
}

// TestDumpOfNothing writes no archive where nothing can be had.
func TestDumpOfNothing(t *testing.T) {
	sh := newShell(t, server, Eve)
	sh.fails(5, []string{"nothing can be had: ", "you have no right to list "}, "debug", "dump", "eve.tar.gz")
	sh = newShell(t, server, Admin)
	sh.fails(4, []string{"there is no namespace nosuch"}, "debug", "dump", "nosuch.tar.gz", "-n", "nosuch")
	for _, name := range []string{"eve.tar.gz", "nosuch.tar.gz"} {
		if _, err := os.Stat(sh.file(name)); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}

// TestOlderDefinitions has a cluster that lacks a kind which came later: what does not need it works.
func TestOlderDefinitions(t *testing.T) {
	sh := newShell(t, bare, Admin)
	for _, plural := range []string{"sites", "listeners"} {
		text, err := os.ReadFile(Root() + "/plugins/kubectl-skupper/deploy/crds/skupper.io_" + plural + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		sh.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", string(text))
		t.Cleanup(func() { sh.drop(plural) })
		sh.served(plural)
	}
	sh.equal("listener", sh.ok("listener", "create", "backend", "8080", "--wait", "none"), "listener.skupper.io/backend created\n")
	sh.whenThere("sites", condition("Ready", "True", "Ready", "OK"))
	sh.equal("site", sh.ok("site", "create", "west", "--timeout", "60s"), "site.skupper.io/west created\n")
	sh.ok("site", "delete", "--all")
}

// served waits until a definition is, and drop until it is not any more.
func (sh *shell) served(plural string) { sh.awaitCode(plural, 200) }

func (sh *shell) drop(plural string) {
	_, err := sh.admin.Must(context.WithoutCancel(sh.t.Context()), "DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"+plural+".skupper.io", "")
	if err != nil {
		sh.t.Fatal(err)
	}
	sh.awaitCode(plural, 404)
}

func (sh *shell) awaitCode(plural string, want int) {
	sh.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		code, _, err := sh.admin.Do(context.WithoutCancel(sh.t.Context()), "GET", sh.path(plural), nil)
		if err == nil && code == want {
			return
		}
		if time.Now().After(deadline) {
			sh.t.Fatalf("%s: code %d, %v; want %d", plural, code, err, want)
		}
	}
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Eve)
	writeToken(sh, "east.yaml")
	for _, v := range verbs {
		t.Run(strings.Join(v, "_"), func(t *testing.T) {
			quick(t, sh.fails(5, []string{"you have no right to ", " in namespace " + sh.namespace, `User "eve" cannot`, "`kubectl auth can-i "}, v...))
		})
	}
	sh.fails(5, []string{"you have no right to list links.skupper.io in all namespaces", "`kubectl auth can-i list links.skupper.io -A`"}, "link", "status", "-A")
	sh.equal("as somebody else", newShell(t, server, Admin).ok("site", "create", "x", "--wait", "none", "-o", "name"), "site.skupper.io/x\n")
	sh.fails(5, []string{`User "eve" cannot impersonate resource "users"`}, "site", "status", "--as", "admin")
}

// TestWithoutWatch waits as a user who may read but not watch.
func TestWithoutWatch(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Editor)
	rbac := "/apis/rbac.authorization.k8s.io/v1/namespaces/" + sh.namespace
	sh.must("POST", rbac+"/roles", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"edit"},"rules":[{"apiGroups":["skupper.io"],"resources":["sites"],"verbs":["get","list","create"]}]}`)
	sh.must("POST", rbac+"/rolebindings", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"edit"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"edit"},"subjects":[{"kind":"User","name":"editor"}]}`)
	sh.controller(func(c *Client) (bool, error) {
		if len(sh.names("sites")) == 0 {
			return false, nil
		}
		time.Sleep(1500 * time.Millisecond) // later than the plugin's first looks
		_, err := c.Must(t.Context(), "PATCH", sh.path("sites", "west", "status"), condition("Ready", "True", "Ready", "OK"))
		return true, err
	})
	sh.equal("create", sh.ok("site", "create", "west", "--timeout", "60s"), "site.skupper.io/west created\n")
	sh.fails(5, []string{"you have no right to update sites.skupper.io west", "`kubectl auth can-i update sites.skupper.io -n " + sh.namespace + "`"}, "site", "update", "--enable-link-access", "--wait", "none")
}

// TestConnection has everything that can be wrong before the cluster is reached, and with who the user is.
func TestConnection(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	if err := os.WriteFile(sh.file("broken"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sh.file("empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		parts []string
	}{
		{"nobody listens, in full", []string{"-s", "https://127.0.0.1:1"}, 1, []string{"Error: list resources of kind Site: cannot reach the cluster at https://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused\ntry: check the context: "}},
		{"nobody listens", []string{"--server", "https://127.0.0.1:1"}, 1, []string{"cannot reach the cluster at https://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", "`kubectl config get-contexts`"}},
		{"no such host", []string{"--server", "https://nowhere.invalid"}, 1, []string{"cannot reach the cluster at https://nowhere.invalid"}},
		{"expired token", []string{"--token", "old"}, 5, []string{"the cluster does not accept your credentials; they may have expired", "log in to the cluster again"}},
		{"no such context", []string{"--context", "prod"}, 2, []string{`there is no context "prod" in the kubeconfig, which has test`, "`kubectl config get-contexts`"}},
		{"no such user", []string{"--user", "bob"}, 2, []string{`auth info "bob" does not exist`}},
		{"no such file", []string{"--kubeconfig", "nowhere"}, 2, []string{"there is no kubeconfig nowhere"}},
		{"broken file", []string{"--kubeconfig", "broken"}, 2, []string{"read the kubeconfig: "}},
		{"empty file", []string{"--kubeconfig", "empty"}, 2, []string{"there is no cluster to talk to: no kubeconfig names one"}},
		{"server's certificate", []string{"--tls-server-name", "other.example.com"}, 5, []string{"is not to be trusted: ", "other.example.com"}},
		{"client's certificate file", []string{"--client-certificate", "nowhere", "--client-key", "nowhere"}, 2, []string{"nowhere"}},
		{"bad namespace", []string{"--namespace", "Not_One"}, 2, []string{"namespace"}},
		{"bad timeout", []string{"--request-timeout", "soon"}, 2, []string{`request-timeout is "soon", want a duration such as 30 (seconds), 30s or 2m`}},
		{"other platform", []string{"--platform", "podman"}, 2, []string{`platform is "podman", want kubernetes`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			quick(t, sh.fails(c.code, c.parts, append([]string{"site", "status"}, c.args...)...))
		})
	}
	sh.fails(4, []string{"there is no namespace nowhere", "`kubectl create namespace nowhere`"}, "site", "create", "west", "-n", "nowhere")
	if r := sh.run("site", "status", "-n", "nowhere", "-c", "test"); r.code != 0 || !strings.Contains(r.err, "next: kubectl skupper site create NAME --context test --namespace nowhere\n") {
		t.Errorf("%+v", r)
	}
}

// TestRules has rules of admission that refuse: by webhook, by policy, by quota; and a webhook that does not answer.
func TestRules(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	hook := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review map[string]any
		_ = json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&review) // what it cannot read it cannot answer
		text, _ := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
			"response": map[string]any{"uid": at(review, "request", "uid"), "allowed": false, "status": map[string]any{"message": "no sites on Sundays"}}})
		_, _ = w.Write(text) // the test sees what came of it
	}))
	t.Cleanup(hook.Close)
	ca := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw}))
	const hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
	config := func(name, url, plural string) {
		sh.must("POST", hooks, `{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"`+name+`"},"webhooks":[{"name":"`+name+`.example.com",
			"clientConfig":{"url":"`+url+`","caBundle":"`+ca+`"},"sideEffects":"None","admissionReviewVersions":["v1"],"timeoutSeconds":2,
			"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"`+sh.namespace+`"}},
			"rules":[{"apiGroups":["skupper.io"],"apiVersions":["*"],"operations":["CREATE"],"resources":["`+plural+`"]}]}]}`)
		t.Cleanup(func() {
			if _, err := sh.admin.Must(context.WithoutCancel(t.Context()), "DELETE", hooks+"/"+name, ""); err != nil {
				t.Error(err)
			}
		})
	}
	config("sundays", hook.URL, "sites")
	config("asleep", "https://127.0.0.1:1", "connectors")
	sh.must("POST", "/api/v1/namespaces/"+sh.namespace+"/resourcequotas", `{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"few"},"spec":{"hard":{"count/listeners.skupper.io":"0"}}}`)
	sh.must("PATCH", "/api/v1/namespaces/"+sh.namespace+"/resourcequotas/few/status", `{"status":{"hard":{"count/listeners.skupper.io":"0"},"used":{"count/listeners.skupper.io":"0"}}}`)

	sh.eventually(5, []string{"create site west: create sites.skupper.io west in namespace " + sh.namespace + ": a rule of the cluster forbids it: ", "no sites on Sundays", "ask whoever made the rule"}, "site", "create", "west", "--wait", "none")
	sh.eventually(5, []string{"a rule of the cluster forbids it: ", "exceeded quota: few"}, "listener", "create", "x", "80", "--wait", "none")
	sh.eventually(1, []string{"the cluster has trouble: ", `failed calling webhook "asleep.example.com"`, "try: try again"}, "connector", "create", "x", "80", "--wait", "none")
}

// eventually is fails for what takes the server a moment to know.
func (sh *shell) eventually(code int, parts []string, args ...string) {
	sh.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if r := sh.run(args...); r.code != 0 {
			break
		}
		sh.run(args[0], "delete", args[2], "--wait=false") // it came too early
	}
	quick(sh.t, sh.fails(code, parts, args...))
}

// TestRefused has a cluster whose rules are stricter than ours.
func TestRefused(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.must("DELETE", "/api/v1/namespaces/"+sh.namespace, "")
	r := sh.run("site", "create", "west", "--wait", "none")
	if (r.code != 6 && r.code != 4) || !strings.Contains(r.err, "namespace") {
		t.Errorf("in a namespace that goes: %+v", r)
	}
}
