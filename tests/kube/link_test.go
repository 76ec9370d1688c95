//go:build kube

package kube

import (
	"strings"
	"testing"
	"time"
)

// TestLinkDelete removes a link with what its token brought, and leaves alone what others own, or what it may not remove.
func TestLinkDelete(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Editor)
	rbac := "/apis/rbac.authorization.k8s.io/v1/namespaces/" + sh.namespace
	sh.must("POST", rbac+"/roles", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"edit"},"rules":[{"apiGroups":["skupper.io"],"resources":["*"],"verbs":["*"]},{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]}`)
	sh.must("POST", rbac+"/rolebindings", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"edit"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"edit"},"subjects":[{"kind":"User","name":"editor"}]}`)
	sh.create("sites", "west", `"spec":{}`)
	uid, _ := at(sh.must("GET", sh.path("sites", "west"), ""), "metadata", "uid").(string)
	owner := `,"ownerReferences":[{"apiVersion":"skupper.io/v2alpha1","kind":"Site","name":"west","uid":"` + uid + `"}]`
	secrets := "/api/v1/namespaces/" + sh.namespace + "/secrets"
	for name, meta := range map[string]string{"east": owner, "north": owner, "partner-tls": ""} {
		sh.must("POST", secrets, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"`+name+`"`+meta+`},"type":"kubernetes.io/tls","data":{"tls.crt":"Yw==","tls.key":"aw==","ca.crt":"Yw=="}}`)
		sh.create("links", name, `"spec":{"endpoints":[],"tlsCredentials":"`+name+`"}`)
	}
	r := sh.run("link", "delete", "north")
	for deadline := time.Now().Add(patience); r.code == 5 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		r = sh.run("link", "delete", "north") // the server takes a moment to know of the role
	}
	if r.code != 0 || r.out != "link.skupper.io/north deleted\n" || !strings.Contains(r.err, "secret north stays: ") || !strings.Contains(r.err, "cannot delete resource") {
		t.Errorf("without the right to delete secrets: %+v", r)
	}
	if err := server.Kubeconfig(sh.file("admin"), Admin, sh.namespace); err != nil {
		t.Fatal(err)
	}
	r = sh.run("link", "delete", "partner-tls", "--kubeconfig", sh.file("admin"))
	if r.code != 0 || r.out != "link.skupper.io/partner-tls deleted\n" || !strings.Contains(r.err, "secret partner-tls stays: no token brought it, so others may need it") {
		t.Errorf("what others own: %+v", r)
	}
	for name, want := range map[string]int{"north": 200, "partner-tls": 200} {
		if code, _, err := sh.admin.Do(t.Context(), "GET", secrets+"/"+name, nil); err != nil || code != want {
			t.Errorf("secret %s: code %d, %v; want %d", name, code, err, want)
		}
	}
	r = sh.run("link", "delete", "east", "--kubeconfig", sh.file("admin"))
	if r.code != 0 || r.err != "" {
		t.Errorf("what came with a token: %+v", r)
	}
	if code, _, err := sh.admin.Do(t.Context(), "GET", secrets+"/east", nil); err != nil || code != 404 {
		t.Errorf("secret east: code %d, %v", code, err)
	}
}
