package agent

import (
	"net"
	"slices"
	"sync"
)

// portClaims are the ports that the sites of an installation are to listen at. A router listens at that of a service only while the
// service can be reached, so that who has one now does not tell whose it is. The first one who claims a port has it.
type portClaims struct {
	mu   sync.Mutex
	have map[string][]claimed // by namespace
}

type claimed struct {
	host string
	port int
}

// claim makes a port a namespace's, and gives the one that has it already; empty if none has.
func (c *portClaims) claim(namespace, host string, port int) (other string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, all := range c.have {
		if name == namespace {
			continue
		}
		for _, one := range all {
			if one.port == port && sameAddress(one.host, host) {
				return name
			}
		}
	}
	if c.have == nil {
		c.have = map[string][]claimed{}
	}
	c.have[namespace] = append(c.have[namespace], claimed{host, port})
	return ""
}

// holds tells whether a namespace has a port.
func (c *portClaims) holds(namespace, host string, port int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.have[namespace], claimed{host, port})
}

// keep lets go of all that a namespace has claimed but this.
func (c *portClaims) keep(namespace string, these []claimed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(these) == 0 {
		delete(c.have, namespace)
		return
	}
	if c.have == nil {
		c.have = map[string][]claimed{}
	}
	c.have[namespace] = these
}

// sameAddress tells whether two listeners of one port would be in each other's way. Names are taken for different addresses.
func sameAddress(a, b string) bool {
	return a == b || all(a) || all(b)
}

func all(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}
