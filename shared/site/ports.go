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
}

// allocate is the port of that name: the one it had, or else the first free one from base up; 0 if there is none.
func (t *portTable) allocate(name string, base int) int {
	port := t.before[name]
	if port < 1 || port > 65535 {
		for port = base; port <= 65535 && t.busy[port]; port++ {
		}
		if port > 65535 {
			return 0
		}
	}
	t.busy[port], t.given[name] = true, port
	return port
}

// reservePorts marks what new names must not get: ports in use on the machine, those given before, and those that
// resources ask for by number.
func (p *planner) reservePorts() {
	p.ports = portTable{before: maps.Clone(p.obs.Ports), given: map[string]int{}, busy: map[int]bool{}}
	for _, port := range p.obs.Ports {
		p.ports.busy[port] = true
	}
	for _, ra := range p.in.RouterAccesses {
		for _, r := range ra.Spec.Roles {
			p.ports.busy[r.Port] = true
		}
	}
	if !p.local { // the pod is the router's alone; its clients come through services with ports of their own
		for _, port := range []int{v2alpha1.DefaultInterRouterPort, v2alpha1.DefaultEdgePort, 5671, 5672, 9000, 9090, 9191} {
			p.ports.busy[port] = true
		}
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
