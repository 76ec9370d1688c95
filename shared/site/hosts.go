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
	var out []string
	add := func(h string) {
		if h != "" && !slices.Contains(out, h) && validate.Host(h) == nil {
			out = append(out, h)
		}
	}
	for _, h := range ra.Spec.SubjectAlternativeNames {
		if !unspecified(h) {
			add(h)
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
