//go:build kube

package controller

import (
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
)

const bothRoles = `{"endpoints":[{"name":"edge","host":"e","port":"45671"},{"name":"inter-router","host":"i","port":"55671"}],"cost":COST}`

func TestG61LinkRole(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Link", "east", strings.Replace(bothRoles, "COST", "0", 1))
	p.config("inter-router", func(c *config.Config) bool {
		l := connector(c, "east")                                                                        // G63: the connector has the name of the link
		return l != nil && l.Role == "inter-router" && l.Host == "i" && l.Port == "55671" && l.Cost == 1 // G63: at least 1
	})
	p.patch("sites", "west", `{"spec":{"edge":true}}`)
	p.config("edge", func(c *config.Config) bool {
		l := connector(c, "east")
		return l != nil && l.Role == "edge" && l.Host == "e"
	})
}

func TestG62LinkStatus(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.create("Link", "east", strings.Replace(bothRoles, "COST", "3", 1))
	p.status("links", "east", "Pending", "Not Operational")
	p.network(network(uid, "up", ``, ``))
	l := p.status("links", "east", "Ready", "OK")
	if l.text("status", "remoteSiteId") != "east-id" || l.text("status", "remoteSiteName") != "east" {
		t.Errorf("status is %v", l.at("status"))
	}
	p.network(network(uid, "down", ``, ``))
	p.status("links", "east", "Pending", "Not operational")
	p.network(network(uid, "up", ``, ``))
	p.status("links", "east", "Ready", "OK")
	p.network(network("somebody-else", "up", ``, ``)) // its record is gone
	p.status("links", "east", "Pending", "Not operational")
}

// TestG64StaticLink takes what a local site writes for others: Secret and Link, with keys of data that nobody here knows.
func TestG64StaticLink(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.must("POST", p.path("secrets"), `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"link-local-10.0.0.1","creationTimestamp":null},"type":"kubernetes.io/tls",
		"data":{"ca.crt":"eA==","tls.crt":"eA==","tls.key":"eA==","connect.json":"e30="}}`)
	p.must("POST", p.path("links"), `{"apiVersion":"skupper.io/v2alpha1","kind":"Link","metadata":{"name":"link-local-10.0.0.1","creationTimestamp":null},
		"spec":{"cost":1,"endpoints":[{"name":"inter-router","host":"10.0.0.1","port":"55671"},{"name":"edge","host":"10.0.0.1","port":"45671"}],"tlsCredentials":"link-local-10.0.0.1"},"status":{}}`)
	p.condition("links", "link-local-10.0.0.1", "Configured", "True", "OK")
	p.config("connector", func(c *config.Config) bool {
		l := connector(c, "link-local-10.0.0.1")
		return l != nil && l.SSLProfile == "link-local-10.0.0.1-profile" && profile(c, l.SSLProfile).CertFile != ""
	})
}

func TestLinkProxy(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.runningSite(`{}`)
	p.create("Link", "east", `{"endpoints":[{"name":"inter-router","host":"i","port":"55671"}],"settings":{"proxy-configuration":"proxy"}}`)
	p.condition("links", "east", "Configured", "False", "Secret not found for proxy configuration")
	p.must("POST", p.path("secrets"), `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"proxy"},"type":"kubernetes.io/basic-auth",
		"stringData":{"host":"proxy.example.com","port":"3128","username":"u","password":"p"}}`)
	p.condition("links", "east", "Configured", "True", "OK")
	p.config("proxy", func(c *config.Config) bool {
		return len(c.ProxyProfiles) == 1 && c.ProxyProfiles[0].Password == "file:/etc/skupper-router-proxies/proxy/password.txt" && connector(c, "east").ProxyProfile == "proxy"
	})
}

func TestG67Network(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	uid := p.runningSite(`{}`)
	p.network(network(uid, "up", ``, `{"destHost":"h","address":"k"}`))
	p.until("sites", func() (bool, any) {
		s := p.find("sites", "west")
		list, _ := s.at("status", "network").([]any)
		self := false
		for _, r := range list {
			self = self || object(r.(map[string]any)).text("id") == uid
		}
		return s.text("status", "sitesInNetwork") == "2" && self, s.at("status")
	})
	p.network("{damaged")
	p.create("Listener", "l", `{"routingKey":"k","host":"l","port":80}`)
	p.condition("listeners", "l", "Configured", "True", "OK") // and the rest goes on
}
