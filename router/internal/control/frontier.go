package control

// place is a router at the cost at which it was found.
type place struct {
	cost   int64
	router int
}

func (p place) before(q place) bool {
	return p.cost < q.cost || p.cost == q.cost && p.router < q.router
}

// frontier is a heap of places, the cheapest first, then the least router.
type frontier []place

func (f *frontier) push(p place) {
	h := append(*f, p)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	*f = h
}

func (f *frontier) pop() place {
	h := *f
	least, last := h[0], len(h)-1
	h[0], h = h[last], h[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(h[i]) {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	*f = h
	return least
}
