//go:build kube

package controller

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
)

// certificates waits for certificates and what comes of them.
func (p *place) certificates(names ...string) {
	p.t.Helper()
	for _, name := range names {
		p.there("certificates", name)
		p.there("secrets", name)
	}
}

func TestG10SiteObjects(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.create("Site", "west", `{}`).text("metadata", "uid")
	for _, o := range []struct{ plural, name string }{
		{"configmaps", "skupper-router"}, {"deployments", "skupper-router"}, {"services", "skupper-router-local"}, {"roles", "skupper-router"},
		{"rolebindings", "skupper-router"}, {"serviceaccounts", "skupper-router"},
		{"certificates", "skupper-site-ca"}, {"certificates", "skupper-local-ca"}, {"certificates", "skupper-local-server"},
	} {
		if got := owner(p.there(o.plural, o.name)); got != uid {
			t.Errorf("%s %s is owned by %s, want the site %s", o.plural, o.name, got, uid)
		}
	}
	cm := p.there("configmaps", "skupper-router")
	if _, ok := cm.at("metadata", "labels").(map[string]any)["internal.skupper.io/router-config"]; !ok || cm.text("data", "skrouterd.json") == "" {
		t.Errorf("the configuration is %v", cm)
	}
	ports, _ := p.there("services", "skupper-router-local").at("spec", "ports").([]any)
	if len(ports) != 1 || object(ports[0].(map[string]any)).text("port") != "5671" {
		t.Errorf("ports are %v", ports)
	}
	c := p.there("certificates", "skupper-local-server")
	want := map[string]any{"ca": "skupper-local-ca", "subject": "skupper-router-local", "server": true, "hosts": []any{"skupper-router-local",
		"skupper-router-local." + p.name, "skupper-router-local." + p.name + ".svc.cluster.local"}}
	if got, exp := fmt.Sprint(c.at("spec")), fmt.Sprint(any(want)); got != exp {
		t.Errorf("the local server's certificate is %s, want %s", got, exp)
	}
	if c.text("metadata", "annotations", "internal.skupper.io/hosts-"+uid) == "" || c.text("metadata", "annotations", "internal.skupper.io/controlled") != "true" {
		t.Errorf("annotations are %v", c.at("metadata", "annotations"))
	}
	p.certificates("skupper-site-ca", "skupper-local-ca", "skupper-local-server")
	cfg := p.config("router", func(c *config.Config) bool { return c.Router.Mode == config.ModeInterior })
	if cfg.Router.ID != "west-${HOSTNAME}" || !strings.Contains(cfg.Router.Metadata, uid) {
		t.Errorf("router is %+v", cfg.Router)
	}
}

func TestG11RouterPods(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.create("Site", "west", `{}`).text("metadata", "uid")
	d := p.there("deployments", "skupper-router")
	labels, _ := d.at("spec", "template", "metadata", "labels").(map[string]any)
	for k, v := range map[string]string{"skupper.io/component": "router", "skupper.io/type": "site", "application": "skupper-router",
		"app.kubernetes.io/part-of": "skupper", "skupper.io/group": "skupper-router"} {
		if labels[k] != v {
			t.Errorf("label %s is %v, want %s", k, labels[k], v)
		}
	}
	var names []string
	containers, _ := d.at("spec", "template", "spec", "containers").([]any)
	for _, c := range containers {
		names = append(names, object(c.(map[string]any)).text("name"))
	}
	if !slices.Equal(names, []string{"router", "kube-adaptor"}) {
		t.Errorf("containers are %v", names)
	}
	if text, _ := json.Marshal(d.at("spec", "template", "spec")); !strings.Contains(string(text), uid) {
		t.Error("the pod does not know its site")
	}
	// Whoever edits it by hand finds it as it was.
	p.patch("deployments", "skupper-router", `{"spec":{"replicas":3}}`)
	p.until("replicas", func() (bool, any) {
		d := p.find("deployments", "skupper-router")
		return d.text("spec", "replicas") == "1", d.at("spec", "replicas")
	})
	p.remove("deployments", "skupper-router")
	p.there("deployments", "skupper-router")
}

func TestG12Ready(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.create("Site", "west", `{}`)
	p.status("sites", "west", "Pending", "No router pod is ready")
	p.pod("router", routerLabels, "10.0.0.9", "False")
	p.status("sites", "west", "Pending", "Pod router not ready")
	p.setPod("router", "10.0.0.9", "True")
	p.condition("sites", "west", "Ready", "True", "OK")
	p.patch("sites", "west", `{"spec":{"linkAccess":"loadbalancer"}}`)
	p.condition("sites", "west", "Ready", "False", "Pending")
	p.balance("skupper-router", "192.0.2.1")
	p.condition("sites", "west", "Ready", "True", "OK")
	p.remove("pods", "router")
	p.condition("sites", "west", "Ready", "False", "No router pod is ready")
}

// balance gives a service the address that a load balancer would.
func (p *place) balance(service, ip string) {
	p.t.Helper()
	p.there("services", service)
	p.patch("services", service+"/status", `{"status":{"loadBalancer":{"ingress":[{"ip":"`+ip+`"}]}}}`)
}

func TestG13LinkAccessDefault(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.create("Site", "west", `{"linkAccess":"default"}`).text("metadata", "uid")
	ra := p.there("routeraccesses", "skupper-router")
	roles, _ := json.Marshal(ra.at("spec", "roles"))
	if string(roles) != `[{"name":"inter-router","port":55671},{"name":"edge","port":45671}]` || ra.text("spec", "tlsCredentials") != "skupper-site-server" ||
		ra.text("spec", "issuer") != "skupper-site-ca" || ra.at("spec", "generateTlsCredentials") != true || owner(ra) != uid {
		t.Errorf("router access is %v", ra)
	}
	sa := p.there("securedaccesses", "skupper-router")
	if owner(sa) != ra.text("metadata", "uid") || sa.text("metadata", "annotations", "internal.skupper.io/routeraccess") != "skupper-router" ||
		sa.text("spec", "selector", "skupper.io/group") != "skupper-router" || sa.text("spec", "certificate") != "skupper-site-server" {
		t.Errorf("secured access is %v", sa)
	}
	p.config("listeners", func(c *config.Config) bool {
		n := 0
		for i := range c.Listeners {
			if l := &c.Listeners[i]; l.Name == "skupper-router-inter-router" && l.Port == "55671" || l.Name == "skupper-router-edge" && l.Port == "45671" {
				n++
			}
		}
		return n == 2
	})
	p.patch("sites", "west", `{"spec":{"linkAccess":"none"}}`)
	p.gone("routeraccesses", "skupper-router")
	p.config("no listeners", func(c *config.Config) bool { return len(c.Listeners) == 3 })
}

func TestG14Endpoints(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{"linkAccess":"loadbalancer"}`)
	p.balance("skupper-router", "192.0.2.7")
	want := `[{"group":"skupper-router","host":"192.0.2.7","name":"inter-router","port":"55671"},{"group":"skupper-router","host":"192.0.2.7","name":"edge","port":"45671"}]`
	p.until("endpoints", func() (bool, any) {
		got, _ := json.Marshal(p.find("sites", "west").at("status", "endpoints"))
		return string(got) == want, string(got)
	})
	p.condition("sites", "west", "Resolved", "True", "OK")
	p.status("routeraccesses", "skupper-router", "Ready", "OK")
	if got := p.find("sites", "west").text("status", "defaultIssuer"); got != "skupper-site-ca" {
		t.Errorf("default issuer is %q", got)
	}
}

func TestG15LinkAccessUnknown(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{"linkAccess":"bogus"}`)
	p.condition("sites", "west", "Configured", "False", "Unsupported value for LinkAccess: bogus")
	p.patch("sites", "west", `{"spec":{"linkAccess":"none"}}`)
	p.condition("sites", "west", "Ready", "True", "OK")
}

func TestG16Edge(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	digest := func() string {
		return p.there("deployments", "skupper-router").text("spec", "template", "metadata", "annotations", "skupper.io/config-digest")
	}
	before := digest()
	p.patch("sites", "west", `{"spec":{"edge":true}}`)
	p.config("edge", func(c *config.Config) bool { return c.Router.Mode == config.ModeEdge })
	p.until("the pod is rolled", func() (bool, any) { d := digest(); return d != before, d })
	p.patch("sites", "west", `{"spec":{"ha":true}}`)
	p.condition("sites", "west", "Configured", "False", "Edge sites cannot have HA enabled")
	if p.find("deployments", "skupper-router-2") != nil {
		t.Error("an edge site has two routers")
	}
}

func TestG17HighAvailability(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{"ha":true,"linkAccess":"loadbalancer"}`)
	for _, plural := range []string{"deployments", "configmaps"} {
		if got := owner(p.there(plural, "skupper-router-2")); got != uid {
			t.Errorf("%s is owned by %s", plural, got)
		}
	}
	p.balance("skupper-router", "192.0.2.1")
	p.balance("skupper-router-2", "192.0.2.2")
	p.until("endpoints of both groups", func() (bool, any) {
		list, _ := p.find("sites", "west").at("status", "endpoints").([]any)
		groups := map[string]int{}
		for _, e := range list {
			groups[object(e.(map[string]any)).text("group")]++
		}
		return groups["skupper-router"] == 2 && groups["skupper-router-2"] == 2, list
	})
	p.meshed()
	if text, _ := json.Marshal(p.find("deployments", "skupper-router-2")); !strings.Contains(string(text), "podAntiAffinity") {
		t.Error("the routers may share a node")
	}
	p.patch("sites", "west", `{"spec":{"ha":false}}`)
	for _, plural := range []string{"deployments", "configmaps", "securedaccesses"} {
		p.gone(plural, "skupper-router-2")
	}
	p.there("securedaccesses", "skupper-router")
}

// meshed waits until the second router has a connector to the first.
func (p *place) meshed() {
	p.t.Helper()
	p.until("the second router is connected to the first", func() (bool, any) {
		text := p.find("configmaps", "skupper-router-2").text("data", "skrouterd.json")
		c, err := config.Parse([]byte(text))
		if err != nil {
			return false, err.Error()
		}
		peer := connector(c, "skupper-router")
		return peer != nil && peer.Host == "skupper-router" && peer.Port == "55671" && peer.SSLProfile == "skupper-site-server", text
	})
}

// Two routers find each other also where nobody else may link to the site, and the site does not offer itself for that.
func TestHighAvailabilityWithoutLinkAccess(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{"ha":true}`)
	p.meshed()
	if got := owner(p.there("securedaccesses", "skupper-router")); got != uid {
		t.Errorf("the secured access is owned by %s", got)
	}
	if list, _ := p.find("sites", "west").at("status", "endpoints").([]any); len(list) != 0 {
		t.Errorf("endpoints %v", list)
	}
	p.patch("sites", "west", `{"spec":{"ha":false}}`)
	p.gone("securedaccesses", "skupper-router")
}

func TestG18ServerCertificate(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{"linkAccess":"loadbalancer"}`)
	p.balance("skupper-router", "192.0.2.1")
	covers := func(ip string) {
		t.Helper()
		p.until("certificate for "+ip, func() (bool, any) {
			pair, ca := p.find("secrets", "skupper-site-server"), p.find("secrets", "skupper-site-ca")
			var certs [2]*x509.Certificate
			for i, o := range []object{pair, ca} {
				text, err := base64.StdEncoding.DecodeString(o.text("data", "tls.crt"))
				block, _ := pem.Decode(text)
				if err != nil || block == nil {
					return false, "no certificate"
				}
				if certs[i], err = x509.ParseCertificate(block.Bytes); err != nil {
					t.Fatal(err)
				}
			}
			roots := x509.NewCertPool()
			roots.AddCert(certs[1])
			for _, host := range []string{ip, "skupper-router", "skupper-router." + p.name} {
				if _, err := certs[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
					return false, err.Error()
				}
			}
			return true, nil
		})
	}
	covers("192.0.2.1")
	p.config("first", func(c *config.Config) bool { return profile(c, "skupper-site-server") != nil })
	p.balance("skupper-router", "192.0.2.2")
	covers("192.0.2.2")
	p.config("the router is told", func(c *config.Config) bool { return profile(c, "skupper-site-server").Ordinal > 0 })
}

func TestG09SecondSite(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.status("sites", "west", "Ready", "OK")
	p.create("Site", "aaa", `{}`)
	p.condition("sites", "aaa", "Configured", "False", "An active site already exists in the namespace (west)")
	p.status("sites", "west", "Ready", "OK")
	p.remove("sites", "west")
	p.condition("sites", "aaa", "Ready", "True", "OK")
	uid := p.find("sites", "aaa").text("metadata", "uid")
	for _, o := range []struct{ plural, name string }{{"configmaps", "skupper-router"}, {"deployments", "skupper-router"}, {"certificates", "skupper-site-ca"}} {
		p.until(o.name+" is the next site's", func() (bool, any) {
			c := p.find(o.plural, o.name)
			list, _ := json.Marshal(c.at("metadata", "ownerReferences"))
			return strings.Contains(string(list), uid), string(list)
		})
	}
}

func TestG19SiteDeleted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Listener", "backend", `{"routingKey":"backend","host":"backend","port":8080}`)
	p.create("Connector", "backend", `{"routingKey":"backend","host":"h","port":8080}`)
	p.create("Link", "east", `{"endpoints":[{"name":"inter-router","host":"h","port":"1"}]}`)
	p.condition("listeners", "backend", "Configured", "True", "OK")
	p.there("services", "backend")
	p.remove("sites", "west")
	for plural, name := range map[string]string{"listeners": "backend", "connectors": "backend", "links": "east"} {
		p.condition(plural, name, "Configured", "False", "No active site in namespace")
	}
	if p.find("sites", "west") != nil {
		t.Error("a finalizer holds the site")
	}
}

// TestG55TokensOfDeletedSite marks what was redeemed, and nothing else.
func TestG55TokensOfDeletedSite(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.create("AccessToken", "used", `{"url":"https://192.0.2.1:1/x","code":"c","ca":"x"}`)
	p.create("AccessToken", "fresh", `{"url":"https://192.0.2.1:1/x","code":"c","ca":"x"}`)
	p.patch("accesstokens", "used/status", `{"status":{"redeemed":true,"status":"Ready","message":"OK","conditions":[{"type":"Redeemed","status":"True","reason":"Ready","message":"OK",
		"lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`)
	o := p.condition("accesstokens", "used", "Redeemed", "True", "Already redeemed for a deleted site")
	if o.text("status", "status") != "Error" || o.at("status", "redeemed") != true {
		t.Errorf("status is %v", o.at("status"))
	}
	if got := p.find("accesstokens", "fresh").text("status", "message"); strings.Contains(got, "deleted") {
		t.Errorf("a fresh token says %q", got)
	}
}

func TestG22Controller(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.create("Site", "west", `{}`)
	p.until("controller", func() (bool, any) {
		c := p.find("sites", "west").at("status", "controller")
		m, _ := c.(map[string]any)
		return m["name"] == "skupper-controller" && m["namespace"] == system && m["version"] != nil, c
	})
}

// TestG23ProfileContext finds every secret of a TLS profile marked with it, before the configuration names it.
func TestG23ProfileContext(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.secret("tls", "one")
	p.create("Listener", "a", `{"routingKey":"a","host":"a","port":80,"tlsCredentials":"tls"}`)
	p.create("Connector", "a", `{"routingKey":"a","host":"h","port":80,"tlsCredentials":"tls"}`)
	p.config("profiles", func(c *config.Config) bool { return profile(c, "tls") != nil && profile(c, "tls-profile") != nil })
	for name, want := range map[string]string{
		"tls":                  `[{"profileName":"tls","ordinal":0},{"profileName":"tls-profile","ordinal":0}]`,
		"skupper-local-server": `[{"profileName":"skupper-local-server","ordinal":0}]`,
	} {
		p.until(name, func() (bool, any) {
			got := p.there("secrets", name).text("metadata", "annotations", "internal.skupper.io/tls-profile-context")
			return got == want, got
		})
	}
}

func TestG26CertificateReplaced(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{"settings":{"tls-prior-valid-revisions":"1"}}`)
	p.secret("tls", "one")
	p.create("Listener", "a", `{"routingKey":"a","host":"a","port":80,"tlsCredentials":"tls"}`)
	p.config("first", func(c *config.Config) bool { return profile(c, "tls") != nil && profile(c, "tls").Ordinal == 0 })
	before := p.there("deployments", "skupper-router").text("metadata", "generation")
	for i, content := range []string{"dHdv", "dGhyZWU="} {
		p.patch("secrets", "tls", `{"data":{"tls.crt":"`+content+`"}}`)
		p.config(fmt.Sprintf("ordinal %d", i+1), func(c *config.Config) bool {
			pr := profile(c, "tls")
			return pr.Ordinal == i+1 && pr.OldestValidOrdinal == i
		})
		want := fmt.Sprintf(`[{"profileName":"tls","ordinal":%d}]`, i+1)
		if got := p.find("secrets", "tls").text("metadata", "annotations", "internal.skupper.io/tls-profile-context"); got != want {
			t.Errorf("the secret says %s, want %s", got, want)
		}
	}
	if after := p.find("deployments", "skupper-router").text("metadata", "generation"); after != before {
		t.Error("the pod was rolled")
	}
}

func TestG27OwnAccount(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.create("Site", "west", `{"serviceAccount":"mine"}`)
	if got := p.there("deployments", "skupper-router").text("spec", "template", "spec", "serviceAccountName"); got != "mine" {
		t.Errorf("the account is %q", got)
	}
	p.there("services", "skupper-router-local")
	for _, plural := range []string{"roles", "rolebindings", "serviceaccounts"} {
		if p.find(plural, "skupper-router") != nil {
			t.Errorf("there is one of %s", plural)
		}
	}
}

// TestForeignConfiguration leaves a ConfigMap alone that only is called like the router's.
func TestForeignConfiguration(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must("POST", p.path("configmaps"), `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"skupper-router"},"data":{"a":"b"}}`)
	uid := p.create("Site", "west", `{}`).text("metadata", "uid")
	p.condition("sites", "west", "Configured", "False", `skupper-router is not owned by skupper site "`+uid+`"`)
	if got := p.find("configmaps", "skupper-router").text("data", "a"); got != "b" {
		t.Error("it was changed")
	}
	p.remove("configmaps", "skupper-router")
	p.condition("sites", "west", "Configured", "True", "OK")
}

// TestSizes gives routers what the size of the site says, and templates their labels.
func TestSizes(t *testing.T) {
	t.Parallel()
	sys := &place{t, system}
	sys.must("POST", sys.path("configmaps"), `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big","labels":{"skupper.io/site-sizing":"big"}},
		"data":{"router-memory-limit":"1Gi"}}`)
	defer sys.remove("configmaps", "big")
	p := newPlace(t)
	p.must("POST", p.path("configmaps"), `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dress","labels":{"skupper.io/label-template":"","team":"a"}},
		"data":{"kind":"Deployment"}}`)
	p.create("Site", "west", `{"settings":{"size":"big"}}`)
	limit := func() string {
		text, _ := json.Marshal(p.there("deployments", "skupper-router").at("spec", "template", "spec", "containers"))
		_, rest, _ := strings.Cut(string(text), `"memory":"`)
		limit, _, _ := strings.Cut(rest, `"`)
		return limit
	}
	p.until("the limit", func() (bool, any) { return limit() == "1Gi", limit() })
	if got := p.find("deployments", "skupper-router").text("metadata", "labels", "team"); got != "a" {
		t.Errorf("label team is %q", got)
	}
	sys.patch("configmaps", "big", `{"data":{"router-memory-limit":"2Gi"}}`)
	p.until("the new limit", func() (bool, any) { return limit() == "2Gi", limit() })
	p.patch("sites", "west", `{"spec":{"settings":null}}`)
	p.until("no limit", func() (bool, any) { return limit() == "", limit() })
}
