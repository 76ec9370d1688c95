package site

import (
	"net/netip"
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// advertised are the hosts at which others can reach a router access of a local site, the best first: what the user
// says, or the address it is bound to, or else what the machine has.
func (p *planner) advertised(ra *v2alpha1.RouterAccess) []string {
	out := named(ra)
	add := func(h string) {
		if h != "" && !slices.Contains(out, h) && validate.Host(h) == nil {
			out = append(out, h)
		}
	}
	if h := ra.Spec.BindHost; !bindsAll(h) {
		add(h)
	}
	if len(out) > 0 {
		return out
	}
	for _, h := range p.in.Addresses {
		if reachable(h) {
			add(h)
		}
	}
	add(p.in.Hostname)
	return out
}

// named are the hosts at which the user says that others reach a router access.
func named(ra *v2alpha1.RouterAccess) (out []string) {
	for _, h := range ra.Spec.SubjectAlternativeNames {
		if !unspecified(h) && !slices.Contains(out, h) && validate.Host(h) == nil {
			out = append(out, h)
		}
	}
	return out
}

// endpointsNamed are the endpoints of a router access in a cluster: those found, or else at each host that the user names the ports
// of those found. Without any found nobody knows the ports. Where it is by their hosts that roles are told apart, as by routes and
// ingresses, no other host leads anywhere, and those found stay; the same is true of the second group of routers.
func endpointsNamed(ra *v2alpha1.RouterAccess, group string, found []v2alpha1.Endpoint) []v2alpha1.Endpoint {
	hosts := named(ra)
	if len(hosts) == 0 || group != RouterGroup || byHost(found) {
		return found
	}
	var out []v2alpha1.Endpoint
	for _, h := range hosts {
		roles := map[string]bool{}
		for _, e := range found {
			if !roles[e.Name] { // a role may be found at several addresses
				roles[e.Name] = true
				e.Host = h
				out = append(out, e)
			}
		}
	}
	return out
}

// byHost tells whether two roles have one port.
func byHost(found []v2alpha1.Endpoint) bool {
	roleAt := map[string]string{}
	for _, e := range found {
		if role, taken := roleAt[e.Port]; taken && role != e.Name {
			return true
		}
		roleAt[e.Port] = e.Name
	}
	return false
}

// certified are the hosts that the server certificate of a router access is for. Other namespaces of this machine may
// use the loopback addresses.
func (p *planner) certified(ra *v2alpha1.RouterAccess) []string {
	out := p.advertised(ra)
	more := []string{ra.Spec.BindHost}
	if bindsAll(ra.Spec.BindHost) {
		more = append(slices.DeleteFunc(slices.Clone(p.in.Addresses), func(h string) bool { return !reachable(h) }),
			p.in.Hostname, "127.0.0.1", "localhost")
	}
	for _, h := range more {
		if h != "" && !slices.Contains(out, h) && validate.Host(h) == nil {
			out = append(out, h)
		}
	}
	return out
}

func bindsAll(host string) bool { return host == "" || unspecified(host) }

func unspecified(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsUnspecified()
}

// reachable reports whether other machines may be able to use an IP address of this one.
func reachable(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Zone() == "" && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast()
}

// overlap reports whether a machine cannot listen on both hosts at the same port.
func overlap(a, b string) bool { return a == b || bindsAll(a) || bindsAll(b) }
