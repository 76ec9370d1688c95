package tcp

import "sync"

// group owns the goroutines and flows of a listener or connector.
type group struct {
	mu    sync.Mutex
	idle  sync.Cond
	n     int // goroutines
	flows map[*flow]struct{}
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

func (g *group) add(f *flow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flows[f] = struct{}{}
}

func (g *group) remove(f *flow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.flows, f)
}

// drop ends every flow.
func (g *group) drop() {
	g.mu.Lock()
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
