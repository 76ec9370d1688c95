package site

import (
	"maps"
	"slices"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

func (p *planner) multiKeyListeners() {
	for _, l := range p.in.MultiKeyListeners {
		p.set(l, v2alpha1.ConditionConfigured, p.multiKeyListener(l))
		p.matched(l, v2alpha1.ConditionOperational, p.reachKeys(l), v2alpha1.MessageNoMatchingConnectors)
	}
}

func (p *planner) multiKeyListener(l *v2alpha1.MultiKeyListener) error {
	if err := validate.Object(l); err != nil {
		return err
	}
	if err := p.clash(claim{owner: l, host: l.Spec.Host, port: l.Spec.Port}); err != nil {
		return err
	}
	t := config.TCPListener{Name: "multiAddress/" + l.Name, SiteID: p.out.SiteID, Observer: l.Spec.Observer,
		MultiAddressStrategy: config.StrategyWeighted}
	if creds := l.Spec.TLSCredentials; creds != "" {
		needs := needPair
		if l.Spec.RequireClientCert {
			needs |= needCA
		}
		if err := p.serviceCredentials(creds, l.Spec.Host, needs); err != nil {
			return err
		}
		name, err := p.profile(creds, false, false)
		if err != nil {
			return err
		}
		t.SSLProfile, t.AuthenticatePeer = name, l.Spec.RequireClientCert
	}
	if err := p.place(&t, "multiaddress-"+l.Name, l.Spec.Host, l.Spec.Port); err != nil {
		return err
	}
	if prio := l.Spec.Strategy.Priority; prio != nil {
		t.MultiAddressStrategy = config.StrategyPriority
		for i, key := range prio.RoutingKeys {
			p.listenerAddress(l.Name, key, len(prio.RoutingKeys)-1-i) // the highest value is tried first
		}
	} else {
		weights := l.Spec.Strategy.Weighted.RoutingKeys
		for _, key := range slices.Sorted(maps.Keys(weights)) {
			p.listenerAddress(l.Name, key, weights[key])
		}
	}
	p.cfg.TCPListeners = append(p.cfg.TCPListeners, t)
	return p.in.Refused[l.Spec.Host]
}

func (p *planner) listenerAddress(name, key string, value int) {
	p.cfg.ListenerAddresses = append(p.cfg.ListenerAddresses,
		config.ListenerAddress{Name: name + "/" + key, Address: key, Value: value, Listener: "multiAddress/" + name})
}

// reachKeys records which keys can be reached and says whether any can.
func (p *planner) reachKeys(l *v2alpha1.MultiKeyListener) knowledge {
	prio, weighted := l.Spec.Strategy.Priority, l.Spec.Strategy.Weighted
	l.Status.Strategy = nil
	if (prio == nil) == (weighted == nil) || !p.obs.Running || p.reach("") == unknown {
		return unknown
	}
	out := &v2alpha1.StrategyStatus{}
	found := no
	if prio != nil {
		out.Priority = &v2alpha1.PriorityStrategyStatus{RoutingKeysReachable: []string{}}
		for _, key := range prio.RoutingKeys {
			if p.reach(key) == yes {
				out.Priority.RoutingKeysReachable, found = append(out.Priority.RoutingKeysReachable, key), yes
			}
		}
	} else {
		out.Weighted = &v2alpha1.WeightedStrategyStatus{RoutingKeysReachable: map[string]int{}}
		for key, weight := range weighted.RoutingKeys {
			if p.reach(key) == yes {
				out.Weighted.RoutingKeysReachable[key], found = weight, yes
			}
		}
	}
	l.Status.Strategy = out
	return found
}
