package site

import (
	"errors"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

func (p *planner) connectors() {
	for _, c := range p.in.Connectors {
		p.set(c, v2alpha1.ConditionConfigured, p.connector(c))
		p.matched(c, v2alpha1.ConditionMatched, p.used(c.Spec.RoutingKey), v2alpha1.MessageNoMatchingListeners)
	}
}

func (p *planner) connector(c *v2alpha1.Connector) error {
	c.Status.SelectedPods = nil
	if err := validate.Object(c); err != nil {
		return err
	}
	b := bridge{name: c.Name, key: c.Spec.RoutingKey, port: c.Spec.Port, creds: c.Spec.TLSCredentials, clientCert: c.Spec.UseClientCert,
		verify: c.Spec.VerifyHostname, byName: c.Spec.ExposePodsByName}
	if c.Spec.Host != "" {
		return p.bridge(b, []Target{{IP: c.Spec.Host}})
	}
	if p.local {
		return errors.New("spec.selector finds pods, which a local site does not have: set spec.host")
	}
	targets := p.in.Targets[c.Name]
	c.Status.SelectedPods = pods(targets)
	return p.bridge(b, targets)
}

func pods(targets []Target) []v2alpha1.PodDetails {
	var out []v2alpha1.PodDetails
	for _, t := range targets {
		out = append(out, v2alpha1.PodDetails{Name: t.Name, IP: t.IP})
	}
	return out
}

// bridge is what connectors of both kinds have in common.
type bridge struct {
	name, key  string
	port       int
	creds      string
	clientCert bool
	verify     bool
	byName     bool
}

// bridge adds a tcpConnector for each target.
func (p *planner) bridge(b bridge, targets []Target) error {
	base := config.TCPConnector{Port: portText(b.port), Address: b.key, SiteID: p.out.SiteID}
	if b.creds != "" {
		host := ""
		if len(targets) > 0 {
			host = targets[0].IP
		}
		needs := needCA
		if b.clientCert {
			needs |= needPair
		}
		if err := p.serviceCredentials(b.creds, host, needs); err != nil {
			return err
		}
		name, err := p.profile(b.creds, !b.clientCert, !b.clientCert)
		if err != nil {
			return err
		}
		base.SSLProfile, base.VerifyHostname = name, &b.verify
	}
	if len(targets) == 0 {
		return errors.New("No matches for selector") //nolint:staticcheck // matched on by others
	}
	seen := map[string]bool{}
	for _, t := range targets {
		if seen[t.IP] { // pods of a node's own network share its address
			continue
		}
		seen[t.IP] = true
		c := base
		c.Name, c.Host, c.ProcessID = "connector/"+b.name+"@"+t.IP, t.IP, t.UID
		p.cfg.TCPConnectors = append(p.cfg.TCPConnectors, c)
		if b.byName && t.Name != "" {
			c.Name, c.Address = "connector/"+b.name+"@"+t.Name, b.key+"."+t.Name
			p.cfg.TCPConnectors = append(p.cfg.TCPConnectors, c)
		}
	}
	return nil
}

// used says whether there is a listener for a routing key anywhere. A router knows its own; of others only observers
// of the whole network do.
func (p *planner) used(key string) knowledge {
	if p.obs.Addresses[key].LocalListeners > 0 {
		return yes
	}
	if p.obs.Network == nil {
		return unknown
	}
	for i := range p.obs.Network {
		for _, s := range p.obs.Network[i].Services {
			if s.RoutingKey == key && len(s.Listeners) > 0 {
				return yes
			}
		}
	}
	return no
}
