package site

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// claim is a host and port that a listener has.
type claim struct {
	owner v2alpha1.Object
	host  string
	port  int
}

// claimAll gives hosts and ports to listeners of both kinds, the oldest first. Those that cannot have theirs are told
// why by clash.
func (p *planner) claimAll() {
	var all []claim
	for _, l := range p.in.Listeners {
		if validate.Object(l) == nil {
			all = append(all, claim{owner: l, host: l.Spec.Host, port: l.Spec.Port})
		}
	}
	for _, l := range p.in.MultiKeyListeners {
		if validate.Object(l) == nil {
			all = append(all, claim{owner: l, host: l.Spec.Host, port: l.Spec.Port})
		}
	}
	slices.SortStableFunc(all, func(a, b claim) int { return cmp.Or(older(a.owner, b.owner)) })
	for _, c := range all {
		if p.clash(c) == nil {
			p.claims = append(p.claims, c)
		}
	}
}

// clash says who has the host and port of c, nil if nobody else has.
func (p *planner) clash(c claim) error {
	for _, o := range p.claims {
		same := o.host == c.host || (p.local && overlap(o.host, c.host))
		if o.owner != c.owner && o.port == c.port && same {
			return fmt.Errorf("Listener %s with host %s and port %d already exists in namespace", o.owner.GetName(), o.host, o.port) //nolint:staticcheck // matched on by others
		}
	}
	if p.local {
		return p.portClash("", c.host, c.port)
	}
	return nil
}

func (p *planner) listeners() {
	p.claimAll()
	for _, l := range p.in.Listeners {
		p.set(l, v2alpha1.ConditionConfigured, p.listener(l))
		p.matched(l, v2alpha1.ConditionMatched, p.reach(l.Spec.RoutingKey), v2alpha1.MessageNoMatchingConnectors)
	}
}

func (p *planner) listener(l *v2alpha1.Listener) error {
	if err := validate.Object(l); err != nil {
		return err
	}
	if err := p.clash(claim{owner: l, host: l.Spec.Host, port: l.Spec.Port}); err != nil {
		return err
	}
	t := config.TCPListener{Name: "listener/" + l.Name, SiteID: p.out.SiteID, Address: l.Spec.RoutingKey, Observer: l.Spec.Observer}
	if creds := l.Spec.TLSCredentials; creds != "" {
		if err := p.serviceCredentials(creds, l.Spec.Host, needPair); err != nil {
			return err
		}
		name, err := p.profile(creds, false, false)
		if err != nil {
			return err
		}
		t.SSLProfile = name
	}
	if err := p.place(&t, l.Name, l.Spec.Host, l.Spec.Port); err != nil {
		return err
	}
	p.cfg.TCPListeners = append(p.cfg.TCPListeners, t)
	return p.in.Refused[l.Spec.Host]
}

// place puts a listener where its clients look for it: on the machine itself, or behind a service.
func (p *planner) place(t *config.TCPListener, portName, host string, port int) error {
	if p.local {
		t.Host, t.Port = host, portText(port)
		return nil
	}
	if err := p.serviceName(host); err != nil {
		return err
	}
	at := p.ports.allocate(t.Name, bridgePort)
	if at == 0 {
		return fmt.Errorf("no free port from %d up in the router's pod", bridgePort)
	}
	t.Port = portText(at)
	i, ok := p.exposed[host]
	if !ok {
		i = len(p.out.Exposures)
		p.exposed[host] = i
		p.out.Exposures = append(p.out.Exposures, Exposure{Host: host})
	}
	p.out.Exposures[i].Ports = append(p.out.Exposures[i].Ports, ExposedPort{Name: servicePort(portName), Port: port, TargetPort: at})
	return nil
}

// knowledge is yes, no, or not known.
type knowledge int

const (
	unknown knowledge = iota
	yes
	no
)

// reach says whether there is a connector for a routing key anywhere.
func (p *planner) reach(key string) knowledge {
	if p.obs.Addresses == nil && p.obs.Network == nil {
		return unknown
	}
	a := p.obs.Addresses[key]
	if a.LocalConsumers+a.RemoteConsumers > 0 {
		return yes
	}
	for i := range p.obs.Network {
		for _, s := range p.obs.Network[i].Services {
			if s.RoutingKey == key && len(s.Connectors) > 0 {
				return yes
			}
		}
	}
	return no
}

// matched sets a condition that depends on the other side. What is not known is not said; what was known once does not
// survive the end of the router.
func (p *planner) matched(o v2alpha1.Object, condition string, k knowledge, none string) {
	switch {
	case !p.obs.Running && wasSet(o, condition), p.obs.Running && k == no:
		p.set(o, condition, v2alpha1.Waiting(none))
	case p.obs.Running && k == yes:
		p.set(o, condition, nil)
	case p.obs.Running:
		v2alpha1.ClearCondition(p.now, o, condition)
	}
}
