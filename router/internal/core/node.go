package core

import "slices"

// node is another router.
type node struct {
	id      string
	link    int    // control link when it is a neighbour
	nextHop string // else the neighbour on the way
	cost    int
	origins map[string]bool // routers whose messages for it pass here
	up      bool
	addrs   map[string]*Address
	meshes  map[string]string // of addresses whose only destinations there are edge routers of one mesh
}

// Node returns the entry for a router. SetNode and its like are called on the core's goroutine by the control plane.
func (c *Core) node(id string) *node {
	n := c.nodes[id]
	if n == nil {
		n = &node{id: id, addrs: map[string]*Address{}}
		c.nodes[id] = n
	}
	return n
}

// SetNode says how a router is reached: over a control link of its own, or by a neighbour.
func (c *Core) SetNode(id string, link int, nextHop string, cost int, origins []string) {
	n := c.node(id)
	n.link, n.nextHop, n.cost, n.up = link, nextHop, cost, true
	n.origins = make(map[string]bool, len(origins))
	for _, o := range origins {
		n.origins[o] = true
	}
}

// NodeDown says that a router cannot be reached now. Its addresses stay until they are flushed.
func (c *Core) NodeDown(id string) {
	n := c.node(id)
	n.up, n.link, n.nextHop = false, 0, ""
}

// NodeGone forgets a router.
func (c *Core) NodeGone(id string) {
	c.FlushNode(id)
	delete(c.nodes, id)
	for _, cn := range c.conns {
		for _, l := range cn.links {
			delete(l.entered, id) // ids come and go with pods, while a link may stay
		}
	}
}

// AddRemote says that a router has consumers for key. The treatment is a hint for addresses that nothing is known of here. mesh is that of the edge
// routers that are the only consumers there, "" if there are others. It may be called again to change that.
func (c *Core) AddRemote(id, key string, t Treatment, mesh string) {
	if len(key) < 2 {
		return
	}
	n := c.node(id)
	changes := n.meshes[key] != mesh
	if mesh == "" {
		delete(n.meshes, key)
	} else {
		if n.meshes == nil {
			n.meshes = map[string]string{}
		}
		n.meshes[key] = mesh
	}
	if a := n.addrs[key]; a != nil {
		if changes {
			c.changed(a)
		}
		return
	}
	_, known := c.addrs[key]
	a := c.address(key)
	if !known {
		if _, configured := c.configured(key); !configured && t >= Flood && t <= Unavailable {
			a.Treatment = t
		}
	}
	n.addrs[key] = a
	a.remotes = append(a.remotes, n)
	c.changed(a)
}

// RemoveRemote takes that back.
func (c *Core) RemoveRemote(id, key string) {
	n := c.node(id)
	if a := n.addrs[key]; a != nil {
		delete(n.addrs, key)
		delete(n.meshes, key)
		a.remotes = remove(a.remotes, n)
		c.changed(a)
	}
}

// FlushNode takes back all addresses of a router.
func (c *Core) FlushNode(id string) {
	n := c.node(id)
	for _, k := range sortedKeys(n.addrs) {
		c.RemoveRemote(id, k)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	s := make([]string, 0, len(m))
	for k := range m {
		s = append(s, k)
	}
	slices.Sort(s)
	return s
}

// SetRadius sets the greatest number of hops to any router: messages that have gone further are lost in a loop.
func (c *Core) SetRadius(r int) { c.radius = r }

// hop is the connection to the neighbour on the way to n, nil when there is none.
func (c *Core) hop(n *node) *Connection {
	if !n.up {
		return nil
	}
	if n.nextHop != "" { // also a neighbour has one when a way around is cheaper
		if n = c.nodes[n.nextHop]; n == nil {
			return nil
		}
	}
	if n.link == 0 {
		return nil
	}
	return c.links[n.link]
}

// valid reports that messages that entered the network at origin go to n by way of this router. Those that entered here always do.
func (n *node) valid(origin string) bool { return origin == "" || n.origins[origin] }

// behind reports that n's only destinations for a are edge routers of that mesh.
func (n *node) behind(a *Address, mesh string) bool { return mesh != "" && n.meshes[a.Key] == mesh }

// CloseLink ends the connection of a control link.
func (c *Core) CloseLink(link int) {
	if link > 0 && link < len(c.links) && c.links[link] != nil {
		c.Disconnect(c.links[link].ID)
	}
}
