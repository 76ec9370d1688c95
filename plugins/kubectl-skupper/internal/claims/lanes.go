package claims

import (
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// lanes shares the workers among namespaces. An exchange lasts as long as the server that a token names pleases, up to a bound: whoever
// may make tokens would have all workers wait for his, and nobody else's token would be redeemed.
type lanes struct {
	mu     sync.Mutex
	busy   map[string]int           // exchanges under way, by namespace
	turned map[client.ObjectKey]int // how often a token was told to come again
}

const (
	perNamespace = 4                      // exchanges at once
	firstTurn    = 250 * time.Millisecond // until a token whose namespace has that many is looked at again
	lastTurn     = 5 * time.Second
)

func newLanes() *lanes {
	return &lanes{busy: map[string]int{}, turned: map[client.ObjectKey]int{}}
}

// enter lets a token be exchanged until leave is called, or says when to come again; then leave is nil.
func (l *lanes) enter(key client.ObjectKey) (leave func(), again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[key.Namespace] >= perNamespace {
		n := l.turned[key]
		l.turned[key] = n + 1
		return nil, min(firstTurn<<min(n, 10), lastTurn)
	}
	delete(l.turned, key)
	l.busy[key.Namespace]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.busy[key.Namespace]--; l.busy[key.Namespace] == 0 {
			delete(l.busy, key.Namespace)
		}
	}, 0
}

// forget forgets a token that is not to come again.
func (l *lanes) forget(key client.ObjectKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.turned, key)
}
