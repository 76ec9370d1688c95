package site

import (
	"maps"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// portTable gives out ports. A port once given to a name stays with it.
type portTable struct {
	before map[string]int // given by earlier plans, by name
	given  map[string]int // given by this plan
	busy   map[int]bool   // not to be given to a new name
	fixed  map[int]bool   // not to be given to any name, nor kept by one
	used   map[int]string // by this plan, by whom
}

// allocate is the port of that name: the one it had, or else the first free one from base up; 0 if there is none. One that it cannot
// have had is not kept: what was given before is read from where anybody may have written.
func (t *portTable) allocate(name string, base int) int {
	port := t.before[name]
	if owner, twice := t.used[port]; port < 1 || port > 65535 || t.fixed[port] || twice && owner != name {
		for port = base; port <= 65535 && t.busy[port]; port++ {
		}
		if port > 65535 {
			return 0
		}
	}
	t.busy[port], t.given[name], t.used[port] = true, port, name
	return port
}

// reservePorts marks what new names must not get: ports in use on the machine, those given before, and those that
// resources ask for by number.
func (p *planner) reservePorts() {
	p.ports = portTable{before: maps.Clone(p.obs.Ports), given: map[string]int{}, busy: map[int]bool{}, fixed: map[int]bool{}, used: map[int]string{}}
	for _, port := range p.obs.Ports {
		p.ports.busy[port] = true
	}
	for _, ra := range p.in.RouterAccesses {
		for _, r := range ra.Spec.Roles {
			p.ports.busy[r.Port] = true
			p.ports.fixed[r.Port] = !p.local // on a machine its own earlier port may be among these
		}
	}
	if !p.local { // the pod is the router's alone; its clients come through services with ports of their own
		for _, port := range append([]int{v2alpha1.DefaultInterRouterPort, v2alpha1.DefaultEdgePort, 5671, 5672, 9090}, adaptorPorts...) {
			p.ports.busy[port], p.ports.fixed[port] = true, true
		}
		maps.DeleteFunc(p.ports.before, func(_ string, port int) bool { return port < bridgePort })
		return
	}
	for _, port := range p.in.TakenPorts {
		p.ports.busy[port] = true
	}
	for _, l := range p.in.Listeners {
		p.ports.busy[l.Spec.Port] = true
	}
	for _, l := range p.in.MultiKeyListeners {
		p.ports.busy[l.Spec.Port] = true
	}
}
