package core

// choice is the destination of one delivery; all nil when there is none.
type choice struct {
	consumer *consumer
	link     *link
	hop      *Connection
	up       bool // the interior router of this edge router
}

// choose picks the destination for a delivery that came in at e.
func (c *Core) choose(a *Address, e entry) choice {
	if a.Treatment == Closest {
		return c.closest(a, e)
	}
	return c.balanced(a, e)
}

// closest prefers any local destination, then the cheapest router.
func (c *Core) closest(a *Address, e entry) choice {
	a.next++
	if n := len(a.consumers); n > 0 {
		return choice{consumer: a.consumers[a.next%n]}
	}
	for i := range a.locals {
		if l := a.locals[(a.next+i)%len(a.locals)]; !e.echo(l.cn) {
			return choice{link: l}
		}
	}
	if c.canAscend(a, e) {
		return choice{up: true}
	}
	var best []*Connection
	cost := -1
	for _, n := range a.remotes {
		if !n.valid(e.origin) || n.behind(a, e.mesh) {
			continue
		}
		cn := c.hop(n)
		if cn == nil {
			continue
		}
		switch {
		case cost < 0 || n.cost < cost:
			best, cost = append(best[:0], cn), n.cost
		case n.cost == cost:
			best = append(best, cn)
		}
	}
	if len(best) == 0 {
		return choice{}
	}
	return choice{hop: best[a.next%len(best)]}
}

// streamWeight is what an open stream counts at a connector of this router: other routers count it as unsettled, and once more as one that has left the link on
// which it was offered. With its capacity of five a connector takes three before those of other routers are preferred at any cost.
const streamWeight = 2

// balanced picks the smallest of: open deliveries of a local destination; unsettled deliveries to a router plus its cost. An idle local
// destination wins at once, and one that has reached its capacity is taken only when no other is left.
func (c *Core) balanced(a *Address, e entry) choice {
	var good, full choice
	goodValue, fullValue := -1, -1
	consider := func(ch choice, value int, eligible bool) {
		if eligible {
			if goodValue < 0 || value < goodValue {
				good, goodValue = ch, value
			}
		} else if fullValue < 0 || value < fullValue {
			full, fullValue = ch, value
		}
	}
	a.next++
	for i := range a.consumers {
		k := a.consumers[(a.next+i)%len(a.consumers)]
		v := streamWeight * int(k.open.Load())
		if v == 0 {
			return choice{consumer: k}
		}
		consider(choice{consumer: k}, v, k.capacity > v)
	}
	for i := range a.locals {
		l := a.locals[(a.next+i)%len(a.locals)]
		if e.echo(l.cn) {
			continue
		}
		v := len(l.queue)
		if l.cn.role == Edge { // its streams have links of their own
			v += int(a.count(l.cn).Load())
		}
		if v == 0 && len(a.consumers) == 0 && len(a.locals) == 1 {
			return choice{link: l}
		}
		consider(choice{link: l}, v, v < 250)
	}
	for i := range a.remotes {
		n := a.remotes[(a.next+i)%len(a.remotes)]
		if !n.valid(e.origin) || n.behind(a, e.mesh) {
			continue
		}
		cn := c.hop(n)
		if cn == nil {
			continue
		}
		out := int(a.count(cn).Load())
		consider(choice{hop: cn}, out+n.cost, out < 250)
	}
	if c.canAscend(a, e) {
		out := int(a.count(c.up.active).Load())
		consider(choice{up: true}, out+c.up.active.cost, out < 250)
	}
	if goodValue >= 0 {
		return good
	}
	return full
}

// canAscend reports that the interior router of this edge router has destinations for what came by e.
func (c *Core) canAscend(a *Address, e entry) bool {
	return a.above && c.up.active != nil && !e.echo(c.up.active)
}
