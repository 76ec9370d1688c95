package site

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Names with a fixed meaning.
const (
	LocalListener   = "skupper-local-normal" // the router's listener for this machine (local sites)
	SiteCA          = v2alpha1.DefaultIssuerName
	LocalCA         = "skupper-local-ca"
	ServiceCA       = "skupper-service-ca"
	LocalServer     = "skupper-local-server"
	LocalClient     = "skupper-local-client"
	RouterGroup     = "skupper-router"      // group of endpoints; name of the access on Kubernetes
	SiteServer      = "skupper-site-server" // credentials of that access
	maxRouterID     = 127                   // octets; what routers put into their addresses
	localPort       = 5671                  // first port tried for LocalListener
	helloMaxAge     = 3                     // seconds; every router of a network is best given the same
	bridgePort      = 1024                  // first port of listeners behind services (Kubernetes)
	priorRevisions  = 2                     // replaced certificates that stay valid
	saslExternal    = "EXTERNAL"
	hostnameInEnv   = "${HOSTNAME}" // a pod's name, filled in by the router
	multicastPrefix = "mc"
)

// identify fixes the ids of site and router.
func (p *planner) identify() error {
	if p.site.UID == "" {
		p.site.UID = types.UID(p.in.SiteID)
	}
	p.out.SiteID = string(p.site.UID)
	suffix := p.in.RouterSuffix
	if suffix == "" && !p.local {
		suffix = hostnameInEnv
	}
	switch {
	case p.out.SiteID == "":
		return errors.New("plan a site: it has neither UID nor Resources.SiteID")
	case suffix == "":
		return errors.New("plan a site: Resources.RouterSuffix is empty")
	}
	name := p.site.Name
	if over := len(name) + 1 + len(suffix) - maxRouterID; over > 0 && over < len(name) {
		name = name[:len(name)-over]
	}
	p.out.RouterID = name + "-" + suffix
	return nil
}

// base is the configuration that every router has.
func (p *planner) base() {
	r := &p.cfg.Router
	r.ID, r.Mode, r.HelloMaxAgeSeconds = p.out.RouterID, config.ModeInterior, helloMaxAge
	if p.site.Spec.Edge {
		r.Mode = config.ModeEdge
	}
	r.Metadata = p.metadata()
	if n := p.site.Spec.Settings[v2alpha1.SettingDataConnectionCount]; validate.ConnectionCount(n) == nil {
		r.DataConnectionCount = n
	}
	p.cfg.Addresses = []config.Address{{Prefix: multicastPrefix, Distribution: "multicast"}}
	p.logs()
	if !p.local {
		p.podListeners()
		return
	}
	p.cfg.Sites = []config.Site{{Name: p.siteEntity, Namespace: p.in.Namespace, Platform: p.in.Platform, Version: p.in.Version}}
	p.cfg.Listeners = append(p.cfg.Listeners, config.Listener{Name: LocalListener, Role: config.RoleNormal, Host: "127.0.0.1",
		Port: portText(p.ports.allocate(LocalListener, localPort)), SSLProfile: p.localProfile(), SASLMechanisms: saslExternal, AuthenticatePeer: true})
	p.names[LocalListener] = "a listener of the router"
}

// podListeners are for the probes of the kubelet, the adaptor beside the router, and observers.
func (p *planner) podListeners() {
	yes := true
	p.cfg.Listeners = append(p.cfg.Listeners,
		config.Listener{Name: "@9090", Role: config.RoleNormal, Port: "9090", HTTP: true, HTTPRootDir: "disabled", Healthz: &yes, Metrics: &yes},
		config.Listener{Name: "amqp", Host: "localhost", Port: "5672"},
		config.Listener{Name: "amqps", Port: "5671", SSLProfile: p.localProfile(), SASLMechanisms: saslExternal, AuthenticatePeer: true})
	for i := range p.cfg.Listeners {
		p.names[p.cfg.Listeners[i].Name] = "a listener of the router"
	}
}

// metadata is what a router tells others of its site, in the order of fields that they are used to.
func (p *planner) metadata() string {
	b, err := json.Marshal(struct {
		ID       string `json:"id"`
		Version  string `json:"version"`
		Platform string `json:"platform"`
	}{p.out.SiteID, p.in.Version, p.in.Platform})
	if err != nil { // cannot happen: three texts
		return ""
	}
	return string(b)
}

// logs applies the setting router-logging, if it is good.
func (p *planner) logs() {
	levels, err := validate.ParseLogLevels(p.site.Spec.Settings[v2alpha1.SettingRouterLogging])
	if err == nil {
		for _, l := range levels {
			p.cfg.Logs = append(p.cfg.Logs, config.Log{Module: l.Module, Enable: l.Enable})
		}
	}
	if len(p.cfg.Logs) == 0 && p.local {
		p.cfg.Logs = []config.Log{{Module: "ROUTER_CORE", Enable: "error+"}}
	}
}

func portText(n int) string { return fmt.Sprint(n) }
