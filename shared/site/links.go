package site

import (
	"errors"
	"fmt"
	"path"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// links plans the connections to other sites.
func (p *planner) links() {
	for _, l := range p.in.Links {
		p.set(l, v2alpha1.ConditionConfigured, p.link(l))
		p.linkOperational(l)
	}
}

func (p *planner) role() string {
	if p.site.Spec.Edge {
		return v2alpha1.RoleEdge
	}
	return v2alpha1.RoleInterRouter
}

func (p *planner) link(l *v2alpha1.Link) error {
	if err := validate.Object(l); err != nil {
		return err
	}
	if err := p.linkNameTaken(l); err != nil {
		return err
	}
	e, ok := l.EndpointFor(p.role())
	if !ok {
		return fmt.Errorf("spec.endpoints has none named %s, which is what a router of this site needs", p.role())
	}
	c := config.Connector{Name: l.Name, Role: p.role(), Host: e.Host, Port: e.Port, Cost: l.EffectiveCost()}
	if err := p.proxy(l, &c); err != nil {
		return err
	}
	if creds := l.Spec.TLSCredentials; creds != "" {
		if err := p.credentials(creds, needCA|needPair); err != nil {
			return err
		}
		name, err := p.profile(creds, true, false)
		if err != nil {
			return err
		}
		c.SSLProfile = name
	}
	p.cfg.Connectors = append(p.cfg.Connectors, c)
	return nil
}

// proxy sends a connector through the HTTP proxy that the link names.
func (p *planner) proxy(l *v2alpha1.Link, c *config.Connector) error {
	name := l.Spec.Settings[v2alpha1.SettingProxyConfiguration]
	if name == "" {
		return nil
	}
	s := p.secrets[name]
	if s == nil || s.Type != v2alpha1.SecretTypeBasicAuth || validate.Name(name) != nil {
		return errors.New("Secret not found for proxy configuration") //nolint:staticcheck // matched on by others
	}
	host, port := string(s.Data["host"]), string(s.Data["port"])
	if err := validate.Host(host); err != nil {
		return fmt.Errorf("proxy secret %q: host %w", name, err)
	}
	if err := validate.PortText(port); err != nil {
		return fmt.Errorf("proxy secret %q: port %w", name, err)
	}
	for i := range p.cfg.ProxyProfiles {
		if p.cfg.ProxyProfiles[i].Name == name {
			c.ProxyProfile = name
			return nil
		}
	}
	if err := p.takeProxyName(name); err != nil {
		return err
	}
	c.ProxyProfile = name
	profile := config.ProxyProfile{Name: name, Host: host, Port: port, Username: string(s.Data["username"])}
	if pw := s.Data["password"]; len(pw) > 0 {
		profile.Password = "file:" + path.Join(p.in.ProxyDir, name, "password.txt")
		p.out.Proxies = append(p.out.Proxies, Proxy{Name: name, Password: pw})
	}
	p.cfg.ProxyProfiles = append(p.cfg.ProxyProfiles, profile)
	return nil
}

// linkOperational judges a link by what the router says of its connector. Of a link that the router has not reported
// on yet nothing is said.
func (p *planner) linkOperational(l *v2alpha1.Link) {
	state, seen := p.obs.Links[l.Name]
	configured := l.Status.IsTrue(v2alpha1.ConditionConfigured)
	switch {
	case configured && p.obs.Running && p.obs.Blind != "": // as it was
	case configured && p.obs.Running && seen && state.Up:
		p.set(l, v2alpha1.ConditionOperational, nil)
		if state.RemoteSite != "" { // else it is not known yet, and most likely as before
			l.Status.RemoteSiteID, l.Status.RemoteSiteName = state.RemoteSite, state.RemoteName
		}
	case configured && p.obs.Running && seen && state.LastError != "":
		p.set(l, v2alpha1.ConditionOperational, v2alpha1.Waiting(Why(state.LastError)))
	case (configured && p.obs.Running && seen) || wasSet(l, v2alpha1.ConditionOperational):
		p.set(l, v2alpha1.ConditionOperational, v2alpha1.Waiting(v2alpha1.MessageNotOperational))
	}
}
