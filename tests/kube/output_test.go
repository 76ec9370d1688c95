//go:build kube

package kube

import (
	"strings"
	"testing"
)

// links makes a site and two links, one of them with a label and a state.
func links(t *testing.T) *shell {
	t.Helper()
	sh := newShell(t, server, Admin)
	sh.create("sites", "west", `"spec":{}`)
	sh.create("links", "east", `"spec":{"endpoints":[{"name":"inter-router","host":"east.example.com","port":"55671"}],"cost":2,"tlsCredentials":"east"}`)
	sh.create("links", "north", `"spec":{"endpoints":[]}`)
	sh.must("PATCH", sh.path("links", "east"), `{"metadata":{"labels":{"env":"prod"}}}`)
	sh.must("PATCH", sh.path("links", "east", "status"), `{"status":{"status":"Ready","message":"OK","remoteSiteName":"east-site"}}`)
	return sh
}

func TestStatusTable(t *testing.T) {
	t.Parallel()
	sh := links(t)
	const head, east, north = "NAME    STATUS    COST   MESSAGE\n", "east    Ready     2      OK\n", "north   Pending   1      Not Configured\n"
	sh.equal("table", sh.ok("link", "status"), head+east+north)
	sh.equal("no headers", sh.ok("link", "status", "--no-headers"), "east    Ready     2     OK\nnorth   Pending   1     Not Configured\n")
	sh.equal("selector", sh.ok("link", "status", "-l", "env in (prod,test)", "--no-headers"), "east   Ready   2     OK\n")
	sh.equal("one", sh.ok("link", "status", "east"), "Name:        east\nStatus:      Ready\nCost:        2\nMessage:     OK\nRemote site: east-site\nEndpoints:   east.example.com:55671 (inter-router)\n")
	r := sh.run("link", "status", "-l", "env=none")
	if r.code != 0 || r.out != "" || r.err != "none matches selector \"env=none\"\n" {
		t.Errorf("%+v", r)
	}
	wide := strings.Split(sh.ok("link", "status", "-owide"), "\n")
	if !strings.HasPrefix(wide[0], "NAME    STATUS    COST   MESSAGE          REMOTE-SITE   ENDPOINTS          TLS-CREDENTIALS   AGE") ||
		!strings.HasPrefix(wide[1], "east    Ready     2      OK               east-site     east.example.com   east              ") || !strings.Contains(wide[2], "<none>") {
		t.Errorf("wide:\n%s", strings.Join(wide, "\n"))
	}
	sh.fails(4, []string{`there is no link "south" in namespace ` + sh.namespace}, "link", "status", "south")
	sh.fails(2, []string{"selector is", "all-namespaces and a name", "selector and a name"}, "link", "status", "east", "-A", "-l", "a=b=c")
}

func TestStatusEverywhere(t *testing.T) {
	t.Parallel()
	one, two := links(t), links(t)
	got := one.ok("link", "status", "-A", "-l", "env=prod")
	if head, _, _ := strings.Cut(got, "\n"); strings.Join(strings.Fields(head), " ") != "NAMESPACE NAME STATUS COST MESSAGE" { // how wide they are depends on the links of other tests
		t.Errorf("the headings are %q", head)
	}
	for _, want := range []string{one.namespace + " ", two.namespace + " "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	all := parse(t, one.ok("link", "status", "-A", "-o", "json"))
	if items := all["items"].([]any); len(items) < 4 {
		t.Errorf("there are %d links in all namespaces, want 4 or more", len(items))
	}
}

func TestStatusEmpty(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	if r := sh.run("listener", "status"); r.code != 0 || r.out != "" || r.err != "there are no listeners in namespace "+sh.namespace+"\n" {
		t.Errorf("%+v", r)
	}
	if list := parse(t, sh.ok("listener", "status", "-o", "json")); list["kind"] != "List" || len(list["items"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
	if r := sh.run("site", "status"); r.code != 0 || !strings.Contains(r.err, "next: kubectl skupper site create NAME\n") {
		t.Errorf("%+v", r)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	sh := links(t)
	list := parse(t, sh.ok("link", "status", "-o", "json"))
	if items := list["items"].([]any); list["kind"] != "List" || list["apiVersion"] != "v1" || len(items) != 2 || at(items[0], "kind") != "Link" ||
		at(items[0], "metadata", "managedFields") != nil || at(items[0], "metadata", "name") != "east" {
		t.Errorf("%v", list)
	}
	single := parse(t, sh.ok("link", "status", "east", "-ojson", "--show-managed-fields"))
	if single["kind"] != "Link" || at(single, "metadata", "managedFields") == nil {
		t.Errorf("%v", single)
	}
	if text := sh.ok("link", "status", "-o", "yaml"); strings.Count(text, "kind: Link\n") != 2 || strings.Contains(text, "---") || !strings.Contains(text, "kind: List\n") {
		t.Errorf("not one list:\n%s", text)
	}
	sh.equal("name", sh.ok("link", "status", "-o", "name"), "link.skupper.io/east\nlink.skupper.io/north\n")
	sh.equal("name of one", sh.ok("link", "status", "north", "-o", "name"), "link.skupper.io/north\n")
	sh.equal("jsonpath", sh.ok("link", "status", "-o", "jsonpath={.items[*].metadata.name}"), "east north")
	sh.equal("jsonpath of one", sh.ok("link", "status", "east", "-o", "jsonpath={.spec.endpoints[0].host}"), "east.example.com")
	sh.equal("go-template", sh.ok("link", "status", "-o", `go-template={{range .items}}{{.metadata.name}}={{.spec.cost}};{{end}}`), "east=2;north=<no value>;")
	sh.equal("custom-columns", sh.ok("link", "status", "-o", "custom-columns=N:.metadata.name,HOST:spec.endpoints[*].host,C:{.spec.cost}"),
		"N       HOST               C\neast    east.example.com   2\nnorth   <none>             <none>\n")
	sh.equal("custom-columns without headers", sh.ok("link", "status", "east", "--no-headers", "-o", "custom-columns=N:.metadata.name"), "east\n")

	created := parse(t, sh.ok("listener", "create", "backend", "8080", "--wait", "none", "-o", "json"))
	if created["kind"] != "Listener" || at(created, "metadata", "uid") == nil || at(created, "spec", "host") != "backend" {
		t.Errorf("%v", created)
	}
	sh.equal("change as name", sh.ok("listener", "update", "backend", "--port", "8081", "--wait", "none", "-o", "name"), "listener.skupper.io/backend\n")
	sh.equal("change as jsonpath", sh.ok("listener", "update", "backend", "--port", "8082", "--wait", "none", "-o", "jsonpath={.spec.port}"), "8082")

	before := sh.names("listeners")
	for _, bad := range []string{"table", "jsonpath", "jsonpath={", "go-template={{", "custom-columns=x", "wide", "go-template-file=nowhere"} {
		sh.fails(2, []string{"kubectl skupper listener create --help"}, "listener", "create", "other", "8080", "--wait", "none", "-o", bad)
	}
	if after := sh.names("listeners"); len(after) != len(before) {
		t.Errorf("a usage error left %v", after)
	}
}
