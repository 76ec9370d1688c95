package tcp

import "sync"

// group owns the goroutines and flows of a listener or connector.
type group struct {
	mu    sync.Mutex
	idle  sync.Cond
	n     int // goroutines
	flows map[*flow]struct{}
	ended bool // no more flows
}

func newGroup() *group {
	g := &group{flows: map[*flow]struct{}{}}
	g.idle.L = &g.mu
	return g
}

// Go runs f in a goroutine that wait waits for.
func (g *group) Go(f func()) {
	g.mu.Lock()
	g.n++
	g.mu.Unlock()
	go func() {
		defer func() {
			g.mu.Lock()
			g.n--
			if g.n == 0 {
				g.idle.Broadcast()
			}
			g.mu.Unlock()
		}()
		f()
	}()
}

// add notes a flow. After drop it reports false: the caller closes the flow.
func (g *group) add(f *flow) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flows[f] = struct{}{}
	return !g.ended
}

// empty reports that nothing is left to own.
func (g *group) empty() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n == 0 && len(g.flows) == 0
}

func (g *group) remove(f *flow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.flows, f)
}

// drop ends every flow, and those that are on their way.
func (g *group) drop() {
	g.mu.Lock()
	g.ended = true
	all := make([]*flow, 0, len(g.flows))
	for f := range g.flows {
		all = append(all, f)
	}
	g.mu.Unlock()
	for _, f := range all {
		f.close(errDropped)
	}
}

// wait waits for every goroutine.
func (g *group) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.n > 0 {
		g.idle.Wait()
	}
}
