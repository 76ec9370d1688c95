package site

import (
	"cmp"
	"errors"
	"fmt"

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
	b := bridge{kind: v2alpha1.KindConnector, name: c.Name, key: c.Spec.RoutingKey, port: c.Spec.Port, creds: c.Spec.TLSCredentials, clientCert: c.Spec.UseClientCert,
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
	kind, name string // of the resource
	key        string
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
	var fault error // the first tells enough: there is one for each pod
	seen := map[string]bool{}
	for _, t := range targets {
		if seen[t.IP] { // pods of a node's own network share its address
			continue
		}
		seen[t.IP] = true
		err := p.addBridge(b, t.IP, b.key, base, t)
		if b.byName && t.Name != "" {
			err = cmp.Or(err, p.addBridge(b, t.Name, b.key+"."+t.Name, base, t))
		}
		fault = cmp.Or(fault, err)
	}
	return fault
}

// addBridge adds a tcpConnector to a target, called after the resource and end. A Connector and an AttachedConnector may be called alike,
// and a pod like the address of another: who comes second goes without and says so.
func (p *planner) addBridge(b bridge, end, address string, c config.TCPConnector, t Target) error {
	c.Name, c.Address, c.Host, c.ProcessID = "connector/"+b.name+"@"+end, address, t.IP, t.UID
	me := b.kind + " " + b.name
	if owner, taken := p.bridges[c.Name]; taken {
		if owner == me {
			return fmt.Errorf("its connector to %s would be called %s, like another one of it: one pod is called like the address of another", end, c.Name)
		}
		return fmt.Errorf("its connector to %s would be called %s, like that of %s: rename one of them", end, c.Name, owner)
	}
	p.bridges[c.Name] = me
	p.cfg.TCPConnectors = append(p.cfg.TCPConnectors, c)
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
