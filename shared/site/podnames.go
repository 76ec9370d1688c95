package site

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Bounds on what other sites can make this one offer by the names of their pods.
const (
	maxPodNames    = 500       // of one listener
	maxAllPodNames = 1000      // of the site
	maxConfig      = 900 << 10 // octets of a router's configuration with them: a ConfigMap takes a mebibyte
	profileOctets  = 512       // of a TLS profile, which are in the configuration only later
)

// podsByName offers each pod behind a listener under its own name, where that is asked for (Kubernetes). It comes after all that
// the resources of this site ask for: what other sites tell of must not take its place.
func (p *planner) podsByName() error {
	if p.local {
		return nil
	}
	var all []*v2alpha1.Listener
	for _, l := range p.in.Listeners {
		if l.Spec.ExposePodsByName {
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return nil
	}
	text, err := p.cfg.Marshal()
	if err != nil {
		return fmt.Errorf("plan site %s: %w", p.site.Name, err)
	}
	b := &budget{names: maxAllPodNames, octets: maxConfig - len(text) - profileOctets*len(p.profiles), hosts: map[string]claim{}, pods: map[podPort]claim{}}
	for _, c := range p.claims {
		b.hosts[c.host] = c
	}
	for _, l := range all {
		if err := p.podNames(l, b); err != nil {
			return err
		}
	}
	return nil
}

// budget is what is left for names of pods.
type budget struct {
	names, octets int
	hosts         map[string]claim  // of listeners
	pods          map[podPort]claim // several listeners may offer the same pods, each at its own port
}

type podPort struct {
	name string
	port int
}

// clash says who has the name of a pod as its host.
func (b *budget) clash(pod string, port int) error {
	c, taken := b.hosts[pod]
	if !taken {
		if c, taken = b.pods[podPort{pod, port}]; !taken {
			return nil
		}
	}
	return fmt.Errorf("Listener %s with host %s and port %d already exists in namespace", c.owner.GetName(), c.host, c.port) //nolint:staticcheck // as of listeners
}

// podNames offers the pods behind one listener. The names come from other sites: those that are no good as host names, or are
// taken, are left out. Of the latter, of those whose service cannot be made and of those that are too many, a remark tells.
func (p *planner) podNames(l *v2alpha1.Listener, b *budget) error {
	i := slices.IndexFunc(p.cfg.TCPListeners, func(t config.TCPListener) bool { return t.Name == "listener/"+l.Name })
	if i < 0 {
		return nil
	}
	t, given := p.cfg.TCPListeners[i], 0
	var remark error
	for _, target := range p.targets(l.Spec.RoutingKey+".", t.Name) {
		err := b.clash(target, l.Spec.Port)
		if err == nil {
			each := t
			each.Name, each.Address, each.Port = podListener(t.Name, target), l.Spec.RoutingKey+"."+target, "65535" // the longest
			text, fault := (&config.Config{TCPListeners: []config.TCPListener{each}}).Marshal()
			if fault != nil {
				return fmt.Errorf("plan listener %s: %w", l.Name, fault)
			}
			if why := b.short(given, len(text)); why != "" {
				remark = v2alpha1.Noting(fmt.Sprintf("only %d pods are offered by their names: %s", given, why))
				break
			}
			if err = p.place(&each, l.Name, target, l.Spec.Port); err == nil {
				b.pods[podPort{target, l.Spec.Port}] = claim{owner: l, host: target, port: l.Spec.Port}
				b.names, b.octets, given = b.names-1, b.octets-len(text), given+1
				p.cfg.TCPListeners = append(p.cfg.TCPListeners, each)
				err = p.in.Refused[target]
			}
		}
		if err != nil && remark == nil { // the first tells enough: the others most likely have the same trouble
			remark = v2alpha1.Noting(fmt.Sprintf("pod %s cannot be reached by its name: %v", target, err))
		}
	}
	if remark != nil && p.in.Refused[l.Spec.Host] == nil {
		p.set(l, v2alpha1.ConditionConfigured, remark)
	}
	return nil
}

// short says why no more pods are offered by their names; empty: there is room.
func (b *budget) short(given, octets int) string {
	switch {
	case given == maxPodNames:
		return "that is the most of one listener"
	case b.names == 0:
		return "that is the most of one site"
	case b.octets < octets:
		return "the router's configuration would be too big with more"
	}
	return ""
}

func podListener(listener, target string) string { return listener + "@" + target }

// targets are the pods that sites offer under a routing key with this prefix, as many of each site in turn, so that none can take
// all the room; of one site those first that are offered already, as clients may use them.
func (p *planner) targets(prefix, listener string) []string {
	var bySite [][]string
	most := 0
	for i := range p.obs.Network {
		var own []string
		for _, s := range p.obs.Network[i].Services {
			target, ok := strings.CutPrefix(s.RoutingKey, prefix)
			if ok && len(s.Connectors) > 0 && validate.Label(target) == nil {
				own = append(own, target)
			}
		}
		slices.SortFunc(own, func(a, b string) int {
			return cmp.Or(p.known(podListener(listener, b))-p.known(podListener(listener, a)), strings.Compare(a, b))
		})
		bySite, most = append(bySite, own), max(most, len(own))
	}
	seen := map[string]bool{}
	var out []string
	for i := range most {
		for _, own := range bySite {
			if i < len(own) && !seen[own[i]] {
				seen[own[i]] = true
				out = append(out, own[i])
			}
		}
	}
	return out
}

// known is 1 if the router has a listener of this name already, else 0.
func (p *planner) known(name string) int {
	if p.obs.Ports[name] != 0 {
		return 1
	}
	return 0
}
