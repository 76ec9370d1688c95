//go:build kube

package kube

import (
	"strings"
	"testing"
)

// setState says what the controller's Deployment is like, as if a cluster ran it.
func (sh *shell) setState(namespace, status string) {
	sh.must("PATCH", "/apis/apps/v1/namespaces/"+namespace+"/deployments/skupper-controller/status", `{"status":`+status+`}`)
}

const available = `{"observedGeneration":99,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}`

// runsController makes the Deployment available as soon as there is one.
func (sh *shell) runsController(namespace, status string) {
	sh.controller(func(c *Client) (bool, error) {
		code, _, err := c.Do(sh.t.Context(), "PATCH", "/apis/apps/v1/namespaces/"+namespace+"/deployments/skupper-controller/status", []byte(`{"status":`+status+`}`))
		return code == 200, err
	})
}

// stuck is an install that does what it can, tells that, and fails at once or when its time is up.
func (sh *shell) stuck(code int, parts []string, args ...string) {
	sh.t.Helper()
	r := sh.run(args...)
	quick(sh.t, r)
	if r.code != code || !strings.Contains(r.out, "deployment.apps/skupper-controller ") {
		sh.t.Errorf("%v: %+v", args, r)
	}
	for _, p := range parts {
		if !strings.Contains(r.err, p) {
			sh.t.Errorf("%v: stderr lacks %q:\n%s", args, p, r.err)
		}
	}
}

// TestInstall has a cluster of its own life: nothing, installed, upgraded, used, uninstalled.
func TestInstall(t *testing.T) {
	sh := newShell(t, bare, Admin)
	const image = "registry.example/controller:1"
	install := []string{"install", "--image", image}
	has := func(path string) bool {
		code, _, err := sh.admin.Do(t.Context(), "GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return code == 200
	}
	const deployment, role, crd = "/apis/apps/v1/namespaces/skupper/deployments/skupper-controller", "/apis/rbac.authorization.k8s.io/v1/clusterroles/skupper-controller",
		"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sites.skupper.io"

	// What would be done is shown, and not done.
	for _, mode := range []string{"--dry-run", "--dry-run=server"} {
		got := sh.ok(append(install, mode)...)
		for _, want := range []string{"customresourcedefinition.apiextensions.k8s.io/sites.skupper.io ", "clusterrole.rbac.authorization.k8s.io/skupper-controller ", "deployment.apps/skupper-controller ", "namespace/skupper "} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", mode, want, got)
			}
		}
		if has(crd) || has(deployment) {
			t.Fatalf("%s installs", mode)
		}
	}
	if text := sh.ok(append(install, "--dry-run", "-o", "yaml")...); strings.Count(text, "\n---\n") < 15 || !strings.Contains(text, image) {
		t.Errorf("documents:\n%s", text)
	}
	if list := parse(t, sh.ok(append(install, "--dry-run=client", "-o", "json")...)); list["kind"] != "List" {
		t.Errorf("got a %v", list["kind"])
	}

	// Installed, with a wait that ends when the controller is available.
	sh.runsController("skupper", available)
	r := sh.run(append(install, "--timeout", "60s")...)
	if r.code != 0 || !strings.Contains(r.out, "customresourcedefinition.apiextensions.k8s.io/sites.skupper.io created\n") ||
		!strings.Contains(r.out, "deployment.apps/skupper-controller created\n") || !strings.Contains(r.err, "image "+image) || !strings.Contains(r.err, "next: kubectl skupper site create NAME\n") {
		t.Fatalf("%+v", r)
	}
	if !has(crd) || !has(role) {
		t.Error("there is no definition, or no role")
	}
	if got := sh.ok(install...); strings.Contains(got, "created") || strings.Contains(got, "configured") || !strings.Contains(got, "deployment.apps/skupper-controller unchanged\n") {
		t.Errorf("again:\n%s", got)
	}

	// Another version, which cannot start: the wait ends at once, and says why.
	sh.fails(2, []string{"access type nodeport needs --cluster-host"}, append(install, "--link-access-type", "nodeport")...)
	if got := sh.ok("install", "--image", "registry.example/controller:2", "--enable-access-type", "local,nodeport", "--cluster-host", "node.example.com", "--wait=false"); !strings.Contains(got, "deployment.apps/skupper-controller configured\n") || strings.Count(got, "configured") != 1 {
		t.Errorf("upgraded:\n%s", got)
	}
	sh.setState("skupper", `{"observedGeneration":99,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"deployment exceeded its progress deadline"}]}`)
	sh.stuck(1, []string{"the controller does not start: deployment exceeded its progress deadline", "kubectl describe deployment skupper-controller -n skupper"}, "install", "--image", "registry.example/controller:2")
	sh.setState("skupper", `{"observedGeneration":99,"replicas":1,"updatedReplicas":1,"readyReplicas":0,"availableReplicas":0,"conditions":[]}`)
	sh.stuck(3, []string{"not done after 2s: wait for the controller: 0 of 1 pods are available\n", "kubectl get pods -n skupper -l application=skupper-controller"}, "install", "--image", "registry.example/controller:2", "--timeout", "2s")

	// A second one for the whole cluster is refused, one for a namespace is not.
	sh.fails(6, []string{"the cluster has a controller already, in namespace skupper", "try: kubectl skupper install --namespace skupper changes that one"}, append(install, "-n", sh.namespace)...)
	r = sh.run(append(install, "--scope", "namespace", "-n", sh.namespace, "--wait=false")...)
	if r.code != 0 || !strings.Contains(r.err, "next: kubectl skupper site create NAME --namespace "+sh.namespace+"\n") {
		t.Errorf("%+v", r)
	}
	if got := sh.must("GET", "/api/v1/namespaces/"+sh.namespace+"/configmaps/skupper", ""); at(got, "data", "controller") != "skupper-controller" {
		t.Errorf("the namespace is not that controller's: %v", got["data"])
	}

	// What is in use stays, and is told; what install did not make is not its own to change.
	sh.ok("site", "create", "west", "--wait", "none")
	// Whatever the scope is, it is that of the controller in the namespace, whose role is not that of another.
	sh.fails(6, []string{"the controller in namespace " + sh.namespace + " looks after that namespace only", "kubectl skupper uninstall --scope namespace --namespace " + sh.namespace}, "uninstall", "--scope", "cluster", "-n", sh.namespace)
	r = sh.run("uninstall", "-n", sh.namespace)
	if r.code != 0 || !strings.Contains(r.err, "the definitions of the resources stay: there is another controller, in namespace skupper") || !strings.Contains(r.out, "deployment.apps/skupper-controller deleted\n") ||
		!strings.Contains(r.out, "rolebinding.rbac.authorization.k8s.io/skupper-controller deleted\n") || !strings.Contains(r.out, "configmap/skupper deleted\n") || !has(role) || !has(deployment) {
		t.Errorf("%+v", r)
	}
	// Nothing is there any more that tells of the scope.
	if r = sh.run("uninstall", "-n", sh.namespace); r.code != 0 || r.out != "" || !has(role) || !strings.Contains(r.err, "the role of the cluster stays: it is that of the controller in namespace skupper\n") {
		t.Errorf("again: %+v", r)
	}
	if got := sh.ok("uninstall", "--dry-run"); !strings.Contains(got, "deployment.apps/skupper-controller deleted (client dry run)\n") || !has(deployment) {
		t.Errorf("got\n%s", got)
	}
	r = sh.run("uninstall", "--wait=false") // nobody here finishes the deletion of a namespace
	if r.code != 0 || !strings.Contains(r.err, "the definitions of the resources stay: there are resources, whose routers go on running, and whose statuses stand still: Site (1); --force deletes them all") || has(deployment) || has(role) || !has(crd) {
		t.Errorf("%+v", r)
	}
	r = sh.run("uninstall", "--force", "--wait=false")
	if r.code != 0 || !strings.Contains(r.out, "customresourcedefinition.apiextensions.k8s.io/sites.skupper.io deleted\n") {
		t.Errorf("%+v", r)
	}
	sh.awaitCode("sites", 404)
	if r = sh.run("uninstall", "--wait=false"); r.code != 0 || r.out != "" && strings.Contains(r.out, "deployment") {
		t.Errorf("again: %+v", r)
	}
}

func TestInstallOverAnother(t *testing.T) {
	sh := newShell(t, bare, Admin)
	sh.must("POST", "/apis/apps/v1/namespaces/"+sh.namespace+"/deployments", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"skupper-controller"},"spec":{"selector":{"matchLabels":{"a":"b"}},
		"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"controller","image":"other:1"}]}}}}`)
	args := []string{"install", "--scope", "namespace", "--image", "ours:1", "--wait=false"}
	sh.fails(6, []string{"namespace " + sh.namespace + " has a controller already that something else has installed, with image other:1", "kubectl skupper install --force"}, args...)
	sh.ok(append(args, "--force")...)
	got := sh.must("GET", "/apis/apps/v1/namespaces/"+sh.namespace+"/deployments/skupper-controller", "")
	if labels := at(got, "spec", "selector", "matchLabels"); at(labels, "application") != "skupper-controller" || at(labels, "a") != nil {
		t.Errorf("it selects %v", labels)
	}
	sh.ok("uninstall", "--scope", "namespace", "--force")
	sh.awaitCode("sites", 404)
}

func TestInstallForbidden(t *testing.T) {
	sh := newShell(t, bare, Eve)
	quick(t, sh.fails(5, []string{"you have no right to ", `User "eve" cannot`}, "install", "--image", "x:1"))
	quick(t, sh.fails(5, []string{"you have no right to "}, "uninstall"))
}
