//go:build kube

package controller

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// place is a namespace.
type place struct {
	t    *testing.T
	name string
}

var made atomic.Int64

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t, fmt.Sprintf("p%d", made.Add(1))}
	p.must("POST", "/api/v1/namespaces", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"`+p.name+`"}}`)
	return p
}

// object is any object as a tree.
type object map[string]any

// at is what is at the end of a path of names, nil if nothing.
func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (o object) text(path ...string) string {
	if v := o.at(path...); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func (p *place) must(method, path, body string) object {
	p.t.Helper()
	tree, err := admin.Must(p.t.Context(), method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return tree
}

// Paths of the kinds that are not ours.
var groups = map[string]string{"deployments": "/apis/apps/v1", "roles": "/apis/rbac.authorization.k8s.io/v1", "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
	"configmaps": "/api/v1", "secrets": "/api/v1", "services": "/api/v1", "pods": "/api/v1", "serviceaccounts": "/api/v1"}

func (p *place) path(plural string, rest ...string) string {
	group, ok := groups[plural]
	if !ok {
		group = "/apis/skupper.io/v2alpha1"
	}
	return strings.Join(append([]string{group, "namespaces", p.name, plural}, rest...), "/")
}

// create makes one of our resources.
func (p *place) create(kind, name, spec string) object {
	p.t.Helper()
	k, ok := v2alpha1.Lookup(kind)
	if !ok {
		p.t.Fatalf("there is no kind %s", kind)
	}
	return p.must("POST", p.path(k.Plural), fmt.Sprintf(`{"apiVersion":"skupper.io/v2alpha1","kind":%q,"metadata":{"name":%q},"spec":%s}`, k.Kind, name, spec))
}

func (p *place) patch(plural, name, body string) object {
	p.t.Helper()
	return p.must("PATCH", p.path(plural, strings.Split(name, "/")...), body)
}

func (p *place) remove(plural, name string) {
	p.t.Helper()
	p.must("DELETE", p.path(plural, name), "")
}

// find is the object, nil if there is none.
func (p *place) find(plural, name string) object {
	p.t.Helper()
	code, tree, err := admin.Do(p.t.Context(), "GET", p.path(plural, name), nil)
	switch {
	case err != nil:
		p.t.Fatal(err)
	case code == 404:
		return nil
	case code != 200:
		p.t.Fatalf("GET %s %s: code %d: %v", plural, name, code, tree)
	}
	return tree
}

// patience is how long the controller has for anything; a busy machine needs some.
const patience = 2 * time.Minute

// until waits for something to be so. seen is what was looked at last.
func (p *place) until(what string, so func() (ok bool, seen any)) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ok, seen := so()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			text, _ := json.MarshalIndent(seen, "", " ")
			p.t.Fatalf("%s: not so; last seen:\n%s", what, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// there waits for an object.
func (p *place) there(plural, name string) (o object) {
	p.t.Helper()
	p.until(plural+" "+name, func() (bool, any) { o = p.find(plural, name); return o != nil, o })
	return o
}

// gone waits for there to be no such object.
func (p *place) gone(plural, name string) {
	p.t.Helper()
	p.until(plural+" "+name+" gone", func() (bool, any) { o := p.find(plural, name); return o == nil, o })
}

// condition waits for a condition with a status and a message.
func (p *place) condition(plural, name, kind, status, message string) (o object) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s %s: %s is %s %q", plural, name, kind, status, message), func() (bool, any) {
		o = p.find(plural, name)
		list, _ := o.at("status", "conditions").([]any)
		for _, c := range list {
			m, _ := c.(map[string]any)
			if m["type"] == kind {
				return m["status"] == status && m["message"] == message, o
			}
		}
		return false, o
	})
	return o
}

// status waits for the sum of a status.
func (p *place) status(plural, name, status, message string) (o object) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s %s is %s %q", plural, name, status, message), func() (bool, any) {
		o = p.find(plural, name)
		return o.text("status", "status") == status && o.text("status", "message") == message, o
	})
	return o
}

// config waits for the router's configuration to be as wanted.
func (p *place) config(what string, so func(c *config.Config) bool) (c *config.Config) {
	p.t.Helper()
	p.until("configuration: "+what, func() (bool, any) {
		text := p.find("configmaps", "skupper-router").text("data", "skrouterd.json")
		if text == "" {
			return false, nil
		}
		var err error
		if c, err = config.Parse([]byte(text)); err != nil {
			p.t.Fatal(err)
		}
		return so(c), text
	})
	return c
}

func tcpConnectors(c *config.Config) (names []string) {
	for i := range c.TCPConnectors {
		names = append(names, c.TCPConnectors[i].Name)
	}
	slices.Sort(names)
	return names
}

func tcpListener(c *config.Config, name string) *config.TCPListener {
	for i := range c.TCPListeners {
		if c.TCPListeners[i].Name == name {
			return &c.TCPListeners[i]
		}
	}
	return nil
}

func connector(c *config.Config, name string) *config.Connector {
	for i := range c.Connectors {
		if c.Connectors[i].Name == name {
			return &c.Connectors[i]
		}
	}
	return nil
}

func profile(c *config.Config, name string) *config.SSLProfile {
	for i := range c.SSLProfiles {
		if c.SSLProfiles[i].Name == name {
			return &c.SSLProfiles[i]
		}
	}
	return nil
}

// secret makes TLS credentials of that content.
func (p *place) secret(name, content string) {
	p.t.Helper()
	v := base64.StdEncoding.EncodeToString([]byte(content))
	p.must("POST", p.path("secrets"), fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":%q},"type":"kubernetes.io/tls",
		"data":{"ca.crt":%q,"tls.crt":%q,"tls.key":%q}}`, name, v, v, v))
}

// pod makes one as a kubelet would say it is. ready is True or False.
func (p *place) pod(name, labels, ip, ready string) {
	p.t.Helper()
	p.must("POST", p.path("pods"), fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"labels":{%s}},"spec":{"containers":[{"name":"c","image":"i"}]}}`, name, labels))
	p.setPod(name, ip, ready)
}

func (p *place) setPod(name, ip, ready string) {
	p.t.Helper()
	p.patch("pods", name+"/status", fmt.Sprintf(`{"status":{"phase":"Running","podIP":%q,"podIPs":[{"ip":%q}],"conditions":[{"type":"Ready","status":%q}]}}`, ip, ip, ready))
}

const routerLabels = `"skupper.io/component":"router","skupper.io/type":"site","application":"skupper-router"`

// runningSite makes a site whose router runs.
func (p *place) runningSite(spec string) (uid string) {
	p.t.Helper()
	s := p.create("Site", "west", spec)
	p.pod("router", routerLabels, "10.0.0.9", "True")
	return s.text("metadata", "uid")
}

// network publishes what an adaptor would see.
func (p *place) network(doc string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "skupper-network-status"},
		"data": map[string]any{"NetworkStatus": doc}})
	if err != nil {
		p.t.Fatal(err)
	}
	if p.find("configmaps", "skupper-network-status") == nil {
		p.must("POST", p.path("configmaps"), string(body))
		return
	}
	p.must("PUT", p.path("configmaps", "skupper-network-status"), string(body))
}

// owner is the UID of the only owner of an object.
func owner(o object) string {
	list, _ := o.at("metadata", "ownerReferences").([]any)
	if len(list) != 1 {
		return fmt.Sprintf("%d owners", len(list))
	}
	m, _ := list[0].(map[string]any)
	return fmt.Sprint(m["uid"])
}
