//go:build kube

package controller

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

func TestG08NoSite(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.create("Listener", "backend", `{"routingKey":"backend","host":"backend","port":8080}`)
	p.condition("listeners", "backend", "Configured", "False", "No active site in namespace")
	p.status("listeners", "backend", "Error", "No active site in namespace")
	p.create("MultiKeyListener", "m", `{"host":"m","port":8080,"strategy":{"priority":{"routingKeys":["a"]}}}`)
	p.condition("multikeylisteners", "m", "Configured", "False", "No active site in namespace")
}

func TestG28ListenerService(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.create("Listener", "web", `{"routingKey":"backend:1","host":"backend","port":8080}`)
	s := p.there("services", "backend")
	ports, _ := json.Marshal(s.at("spec", "ports"))
	if string(ports) != `[{"name":"web","port":8080,"protocol":"TCP","targetPort":1024}]` {
		t.Errorf("ports are %s", ports)
	}
	if sel, _ := json.Marshal(s.at("spec", "selector")); string(sel) != `{"application":"skupper-router","skupper.io/component":"router"}` {
		t.Errorf("selector is %s", sel)
	}
	if s.text("metadata", "labels", "internal.skupper.io/listener") != "web" || s.text("metadata", "annotations", "internal.skupper.io/controlled") != "true" || owner(s) != uid {
		t.Errorf("service is %v", s.at("metadata"))
	}
	cfg := p.config("listener", func(c *config.Config) bool { return tcpListener(c, "listener/web") != nil })
	if l := tcpListener(cfg, "listener/web"); l.Port != "1024" || l.Address != "backend:1" || l.SiteID != uid || l.Host != "" { // G34: the key verbatim
		t.Errorf("listener is %+v", l)
	}
	p.condition("listeners", "web", "Configured", "True", "OK")
}

func TestG29SharedHost(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Listener", "b", `{"routingKey":"b","host":"h","port":1}`)
	p.condition("listeners", "b", "Configured", "True", "OK")
	p.create("Listener", "a", `{"routingKey":"a","host":"h","port":2}`)
	ports := func() string {
		text, _ := json.Marshal(p.there("services", "h").at("spec", "ports"))
		return string(text)
	}
	p.until("two ports", func() (bool, any) { return strings.Count(ports(), `"name"`) == 2, ports() })
	// Of the same second or a later one: either way a was first, by age or by name.
	p.create("Listener", "c", `{"routingKey":"c","host":"h","port":2}`)
	p.until("the later one is refused", func() (bool, any) {
		a, c := p.find("listeners", "a"), p.find("listeners", "c")
		want := "Listener a with host h and port 2 already exists in namespace"
		return c.text("status", "message") == want && a.text("status", "status") != "Error", []any{a, c}
	})
	p.remove("listeners", "b")
	p.until("one port", func() (bool, any) { return strings.Count(ports(), `"name"`) == 1, ports() })
	cfg := p.config("a stays where it was", func(c *config.Config) bool { return tcpListener(c, "listener/b") == nil })
	if l := tcpListener(cfg, "listener/a"); l == nil || l.Port != "1025" {
		t.Errorf("listener a moved: %+v", l)
	}
}

func TestG30ForeignService(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.must("POST", p.path("services"), `{"apiVersion":"v1","kind":"Service","metadata":{"name":"theirs"},"spec":{"ports":[{"port":80}],"selector":{"a":"b"}}}`)
	version := p.find("services", "theirs").text("metadata", "resourceVersion")
	p.create("Listener", "l", `{"routingKey":"k","host":"theirs","port":80}`)
	p.condition("listeners", "l", "Configured", "False", "Service theirs already exists in namespace")
	if got := p.find("services", "theirs").text("metadata", "resourceVersion"); got != version {
		t.Error("the service was changed")
	}
	p.remove("services", "theirs")
	p.condition("listeners", "l", "Configured", "True", "OK")
	p.there("services", "theirs")
}

func TestG31ServiceDeleted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Listener", "l", `{"routingKey":"k","host":"l","port":80}`)
	uid := p.there("services", "l").text("metadata", "uid")
	p.remove("services", "l")
	p.until("made again", func() (bool, any) {
		s := p.find("services", "l")
		return s != nil && s.text("metadata", "uid") != uid, s
	})
	p.patch("services", "l", `{"spec":{"selector":{"application":"mine"}}}`)
	p.until("as it was", func() (bool, any) {
		s := p.find("services", "l")
		return s.text("spec", "selector", "application") == "skupper-router", s
	})
	p.remove("listeners", "l")
	p.gone("services", "l")
	p.config("no listener", func(c *config.Config) bool { return len(c.TCPListeners) == 0 })
}

func TestG32SelectorConnector(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.create("Connector", "c", `{"routingKey":"k","selector":"app=web","port":8080}`)
	p.condition("connectors", "c", "Configured", "False", "No matches for selector")
	p.pod("web-0", `"app":"web"`, "10.0.0.1", "True")
	p.pod("web-1", `"app":"web"`, "10.0.0.2", "False")
	p.pod("other", `"app":"other"`, "10.0.0.3", "True")
	p.condition("connectors", "c", "Configured", "True", "OK")
	have := func(want ...string) {
		t.Helper()
		p.config(fmt.Sprint(want), func(c *config.Config) bool { return slices.Equal(tcpConnectors(c), want) })
	}
	have("connector/c@10.0.0.1")
	pod := p.find("pods", "web-0").text("metadata", "uid")
	cfg := p.config("target", func(c *config.Config) bool { return len(c.TCPConnectors) == 1 })
	if c := cfg.TCPConnectors[0]; c.Host != "10.0.0.1" || c.Port != "8080" || c.Address != "k" || c.ProcessID != pod || c.SiteID != uid {
		t.Errorf("connector is %+v", c)
	}
	p.patch("connectors", "c", `{"spec":{"includeNotReadyPods":true}}`)
	have("connector/c@10.0.0.1", "connector/c@10.0.0.2")
	p.patch("connectors", "c", `{"spec":{"includeNotReadyPods":null}}`)
	have("connector/c@10.0.0.1")
	p.setPod("web-1", "10.0.0.2", "True")
	have("connector/c@10.0.0.1", "connector/c@10.0.0.2")
	p.patch("pods", "web-0", `{"metadata":{"finalizers":["example.com/hold"]}}`)
	p.remove("pods", "web-0") // it is terminating for as long as the finalizer holds it
	have("connector/c@10.0.0.2")
	p.patch("pods", "web-0", `{"metadata":{"finalizers":null}}`)
	p.remove("pods", "web-1")
	have()
	p.condition("connectors", "c", "Configured", "False", "No matches for selector")
}

func TestG33HostConnector(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Connector", "c", `{"routingKey":"k","host":"db.example.com","port":5432}`)
	p.condition("connectors", "c", "Configured", "True", "OK")
	p.config("connector", func(c *config.Config) bool {
		return slices.Equal(tcpConnectors(c), []string{"connector/c@db.example.com"})
	})
}

const twoSites = `{"addresses":[],"siteStatus":[
 {"site":{"identity":"SELF","name":"west","namespace":"n","platform":"kubernetes","siteVersion":"2"},"routerStatus":[{"router":{"name":"0/west-a"},
  "links":[{"name":"east","status":"LINK","role":"inter-router","peer":"ra1"}],"routerAccess":[],"listeners":[{"name":"listener/l","address":"k"}],"connectors":[]}]},
 {"site":{"identity":"east-id","name":"east","namespace":"n","platform":"podman","siteVersion":"2"},"routerStatus":[{"router":{"name":"0/east-a"},
  "links":[],"routerAccess":[{"identity":"ra1"}],"listeners":[LISTENERS],"connectors":[CONNECTORS]}]}]}`

func network(self, link, listeners, connectors string) string {
	return strings.NewReplacer("SELF", self, "LINK", link, "LISTENERS", listeners, "CONNECTORS", connectors).Replace(twoSites)
}

func TestG35Matching(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.create("Listener", "l", `{"routingKey":"k","host":"l","port":80}`)
	p.create("Connector", "c", `{"routingKey":"z","host":"h","port":80}`)
	p.network(network(uid, "up", `{"name":"listener/z","address":"z"}`, `{"destHost":"h","address":"k"}`))
	l := p.status("listeners", "l", "Ready", "OK")
	c := p.status("connectors", "c", "Ready", "OK")
	if l.at("status", "hasMatchingConnector") != true || c.at("status", "hasMatchingListener") != true {
		t.Errorf("%v %v", l.at("status"), c.at("status"))
	}
	p.network(network(uid, "up", ``, ``))
	l = p.status("listeners", "l", "Pending", "No matching connectors")
	p.status("connectors", "c", "Pending", "No matching listeners")
	if l.at("status", "hasMatchingConnector") == true {
		t.Errorf("%v", l.at("status"))
	}
}

func TestG36ConnectorTLS(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.secret("creds", "x")
	p.create("Connector", "plain", `{"routingKey":"a","host":"a","port":80,"tlsCredentials":"creds"}`)
	p.create("Connector", "mutual", `{"routingKey":"b","host":"b","port":80,"tlsCredentials":"creds","useClientCert":true,"verifyHostname":true}`)
	c := p.config("connectors", func(c *config.Config) bool { return len(c.TCPConnectors) == 2 })
	ca, pair := profile(c, "creds-profile"), profile(c, "creds")
	if ca == nil || ca.CACertFile != "/etc/skupper-router-certs/creds-profile/ca.crt" || ca.CertFile != "" || ca.PrivateKeyFile != "" {
		t.Errorf("without a client certificate: %+v", ca)
	}
	if pair == nil || pair.CertFile != "/etc/skupper-router-certs/creds/tls.crt" || pair.PrivateKeyFile == "" {
		t.Errorf("with one: %+v", pair)
	}
	for i := range c.TCPConnectors {
		con := &c.TCPConnectors[i]
		mutual := strings.Contains(con.Name, "mutual")
		if con.VerifyHostname == nil || *con.VerifyHostname != mutual || (con.SSLProfile == "creds") != mutual {
			t.Errorf("%+v", con)
		}
	}
}

func TestG37MissingSecret(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Listener", "l", `{"routingKey":"k","host":"l","port":80,"tlsCredentials":"late"}`)
	p.create("Link", "east", `{"endpoints":[{"name":"inter-router","host":"h","port":"1"}],"tlsCredentials":"late"}`)
	for _, plural := range []string{"listeners", "links"} {
		name := map[string]string{"listeners": "l", "links": "east"}[plural]
		p.condition(plural, name, "Configured", "False", `TLS credentials secret "late" not found`)
	}
	p.secret("late", "x")
	p.condition("listeners", "l", "Configured", "True", "OK")
	p.condition("links", "east", "Configured", "True", "OK")
	p.config("link", func(c *config.Config) bool {
		return connector(c, "east") != nil && connector(c, "east").SSLProfile == "late-profile"
	})
	p.remove("secrets", "late")
	p.condition("links", "east", "Configured", "False", `TLS credentials secret "late" not found`)
	p.config("no link", func(c *config.Config) bool { return connector(c, "east") == nil })
}

func TestG38PodsByName(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.must("POST", p.path("services"), `{"apiVersion":"v1","kind":"Service","metadata":{"name":"theirs"},"spec":{"ports":[{"port":80}]}}`)
	p.create("Listener", "db", `{"routingKey":"db","host":"db","port":5432,"exposePodsByName":true}`)
	p.create("Connector", "web", `{"routingKey":"web","selector":"app=web","port":80,"exposePodsByName":true}`)
	p.pod("web-0", `"app":"web"`, "10.0.0.1", "True")
	p.network(network(uid, "up", ``, `{"destHost":"h","address":"db.db-0"},{"destHost":"h","address":"db.theirs"},{"destHost":"h","address":"db.Bad_Name"}`))
	s := p.there("services", "db-0")
	ports, _ := s.at("spec", "ports").([]any)
	if len(ports) != 1 || object(ports[0].(map[string]any)).text("port") != "5432" {
		t.Errorf("ports are %v", ports)
	}
	p.config("addresses", func(c *config.Config) bool {
		l := tcpListener(c, "listener/db@db-0")
		return l != nil && l.Address == "db.db-0" && len(c.TCPListeners) == 2 &&
			slices.Equal(tcpConnectors(c), []string{"connector/web@10.0.0.1", "connector/web@web-0"})
	})
	if got := p.find("services", "theirs").text("metadata", "labels", "internal.skupper.io/listener"); got != "" { // G94
		t.Error("a name from another site took a service of the user")
	}
	p.network(network(uid, "up", ``, ``))
	p.gone("services", "db-0")
}

func TestG39AttachedConnector(t *testing.T) {
	t.Parallel()
	p, work := newPlace(t), newPlace(t)
	p.runningSite(`{}`)
	work.pod("w", `"app":"w"`, "10.0.0.7", "True")
	work.create("AttachedConnector", "a", `{"siteNamespace":"`+p.name+`","selector":"app=w","port":80}`)
	work.condition("attachedconnectors", "a", "Configured", "False", "No matching AttachedConnectorBinding in site namespace")
	p.create("AttachedConnectorBinding", "a", `{"connectorNamespace":"elsewhere","routingKey":"k"}`)
	work.condition("attachedconnectors", "a", "Configured", "False",
		fmt.Sprintf("AttachedConnectorBinding %s/a does not allow AttachedConnector in %s (only elsewhere)", p.name, work.name))
	p.condition("attachedconnectorbindings", "a", "Configured", "False", "No matching AttachedConnector")
	p.patch("attachedconnectorbindings", "a", `{"spec":{"connectorNamespace":"`+work.name+`"}}`)
	work.condition("attachedconnectors", "a", "Configured", "True", "OK")
	p.condition("attachedconnectorbindings", "a", "Configured", "True", "OK")
	p.config("target", func(c *config.Config) bool { return slices.Equal(tcpConnectors(c), []string{"connector/a@10.0.0.7"}) })
	if got, _ := json.Marshal(work.find("attachedconnectors", "a").at("status", "selectedPods")); string(got) != `[{"ip":"10.0.0.7","name":"w"}]` {
		t.Errorf("pods are %s", got)
	}
	work.remove("pods", "w")
	work.condition("attachedconnectors", "a", "Configured", "False", "No matches for selector")
	p.config("no target", func(c *config.Config) bool { return len(c.TCPConnectors) == 0 })
}

// TestG20AttachedNamespaceChangesHands has the namespace of an attached connector given to another controller, and back.
func TestG20AttachedNamespaceChangesHands(t *testing.T) {
	t.Parallel()
	p, work := newPlace(t), newPlace(t)
	p.runningSite(`{}`)
	p.create("AttachedConnectorBinding", "a", `{"connectorNamespace":"`+work.name+`","routingKey":"k"}`)
	work.control("other/controller")
	work.pod("w", `"app":"w"`, "10.0.0.7", "True")
	work.create("AttachedConnector", "a", `{"siteNamespace":"`+p.name+`","selector":"app=w","port":80}`)
	p.condition("attachedconnectorbindings", "a", "Configured", "False", "No matching AttachedConnector")
	time.Sleep(300 * time.Millisecond) // what else wakes the namespace is over
	work.control(system + "/skupper-controller")
	work.condition("attachedconnectors", "a", "Configured", "True", "OK")
	p.condition("attachedconnectorbindings", "a", "Configured", "True", "OK")
	p.config("target", func(c *config.Config) bool { return slices.Equal(tcpConnectors(c), []string{"connector/a@10.0.0.7"}) })
	work.control("other/controller")
	p.condition("attachedconnectorbindings", "a", "Configured", "False", "No matching AttachedConnector")
	p.config("no target", func(c *config.Config) bool { return len(c.TCPConnectors) == 0 })
}

func TestG40MultiKeyListener(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.create("MultiKeyListener", "m", `{"host":"m","port":80,"strategy":{"priority":{"routingKeys":["a","b","c"]}}}`)
	s := p.there("services", "m")
	if got := s.text("metadata", "labels", "internal.skupper.io/listener"); got != "multiaddress-m" {
		t.Errorf("label is %q", got)
	}
	c := p.config("listener", func(c *config.Config) bool {
		return tcpListener(c, "multiAddress/m") != nil && len(c.ListenerAddresses) == 3
	})
	if l := tcpListener(c, "multiAddress/m"); l.MultiAddressStrategy != "priority" || l.Address != "" {
		t.Errorf("listener is %+v", l)
	}
	reach := func(want, connectors string) {
		t.Helper()
		p.network(network(uid, "up", ``, connectors))
		p.until("reachable "+want, func() (bool, any) {
			got, _ := json.Marshal(p.find("multikeylisteners", "m").at("status", "strategy", "priority", "routingKeysReachable"))
			return string(got) == want, string(got)
		})
	}
	reach(`["b","c"]`, `{"destHost":"h","address":"c"},{"destHost":"h","address":"b"}`)
	if o := p.status("multikeylisteners", "m", "Ready", "OK"); o.at("status", "hasDestination") != true {
		t.Errorf("status is %v", o.at("status"))
	}
	reach(`[]`, ``)
	p.status("multikeylisteners", "m", "Pending", "No matching connectors")
}
