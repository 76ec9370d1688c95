//go:build kube

package controller

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/kube"
)

func (p *place) control(who string) {
	p.t.Helper()
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"skupper"},"data":{"controller":%q}}`, who)
	if p.find("configmaps", "skupper") == nil {
		p.must("POST", p.path("configmaps"), body)
		return
	}
	p.must("PUT", p.path("configmaps", "skupper"), body)
}

// untouched waits until the controller has seen to a namespace made later, and finds nothing done in this one.
func (p *place) untouched() {
	p.t.Helper()
	later := newPlace(p.t)
	later.create("Site", "later", `{}`)
	later.there("services", "skupper-router-local")
	time.Sleep(300 * time.Millisecond) // a moment for what must not happen
	if s := p.find("sites", "west"); s.at("status") != nil {
		p.t.Errorf("the site of another controller has status %v", s.at("status"))
	}
	for _, plural := range []string{"configmaps", "deployments", "certificates"} {
		if o := p.find(plural, "skupper-router"); o != nil {
			p.t.Errorf("there is %s skupper-router", plural)
		}
	}
}

func TestG20OtherController(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.control("other/controller")
	p.create("Site", "west", `{}`)
	p.untouched()
	p.control(system + "/skupper-controller")
	p.there("deployments", "skupper-router")

	q := newPlace(t)
	q.control("other/controller")
	q.create("Site", "west", `{}`)
	q.untouched()
	q.remove("configmaps", "skupper")
	q.there("deployments", "skupper-router")
}

// ownController starts a controller of this namespace alone, with the rights that its manifest gives it. The cluster's is kept out.
func (p *place) ownController() *process {
	p.t.Helper()
	c, err := startController(p.t.Context(), filepath.Join(p.t.TempDir(), "c"), kube.Eve, "-namespace", p.name, "-watch-namespace", p.name, "-name", "mine")
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// allow gives Eve the Role of the manifest in the namespace.
func (p *place) allow() {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(kube.Root(), "plugins", "kubectl-skupper", "deploy", "testdata", "namespace.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, doc := range strings.Split(string(text), "---\n") {
		if strings.Contains(doc, "\nkind: Role\n") {
			p.must("POST", p.path("roles"), strings.ReplaceAll(doc, "namespace: west", "namespace: "+p.name))
		}
	}
	p.must("POST", p.path("rolebindings"), `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"skupper-controller"},
		"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"skupper-controller"},"subjects":[{"kind":"User","name":"`+kube.Eve+`"}]}`)
}

func TestG21NamespaceScope(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.control("other/controller") // keeps the cluster's controller out
	p.allow()
	c := p.ownController()
	defer func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	}()
	p.create("Site", "west", `{}`)
	p.untouched()
	p.control("mine")
	p.there("deployments", "skupper-router")
	p.until("who", func() (bool, any) {
		s := p.find("sites", "west")
		return s.text("status", "controller", "name") == "mine" && s.text("status", "controller", "namespace") == p.name, s.at("status")
	})
}

// TestRestart finds a site as it was by a controller that starts anew: nothing of it is in memory.
func TestRestart(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.control("other/controller")
	p.allow()
	stop := func(c *process) {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	}
	c := p.ownController()
	p.control("mine")
	p.runningSite(`{}`)
	p.create("Listener", "z", `{"routingKey":"z","host":"z","port":80}`)
	p.there("services", "z")
	p.create("Listener", "a", `{"routingKey":"a","host":"a","port":80}`)
	p.there("services", "a")
	p.condition("listeners", "a", "Configured", "True", "OK")
	stop(c)
	before := map[string]string{}
	all := map[string][]string{"configmaps": {"skupper-router"}, "services": {"a", "z", "skupper-router-local"}, "deployments": {"skupper-router"}, "roles": {"skupper-router"},
		"certificates": {"skupper-local-server"}, "sites": {"west"}, "listeners": {"a", "z"}}
	for plural, names := range all {
		for _, name := range names {
			before[plural+name] = p.find(plural, name).text("metadata", "resourceVersion")
		}
	}
	c = p.ownController()
	defer stop(c)
	p.create("Listener", "new", `{"routingKey":"n","host":"new","port":80}`) // when it is there, all has been looked at
	p.there("services", "new")
	for plural, names := range all {
		for _, name := range names {
			if now := p.find(plural, name).text("metadata", "resourceVersion"); now != before[plural+name] && plural != "configmaps" {
				t.Errorf("%s %s was written again", plural, name)
			}
		}
	}
}
