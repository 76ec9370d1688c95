package core

import (
	"sync"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// queue is the core's list of work. Putting never blocks; readers wait with room after a batch, so that the list stays bounded.
type queue struct {
	wake chan struct{}
	over chan struct{} // closed when nobody takes any more

	mu    sync.Mutex
	short sync.Cond
	items []func()
	ended bool
}

func newQueue() *queue {
	q := &queue{wake: make(chan struct{}, 1), over: make(chan struct{})}
	q.short.L = &q.mu
	return q
}

func (q *queue) put(f func()) {
	q.mu.Lock()
	if !q.ended {
		q.items = append(q.items, f)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns all work and keeps dst for what comes next.
func (q *queue) take(dst []func()) []func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) >= limits.MaxBacklog {
		q.short.Broadcast()
	}
	dst, q.items = q.items, dst[:0]
	return dst
}

// room waits while more than limits.MaxBacklog items wait. The core never waits for a reader, so it will come to them.
func (q *queue) room() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) >= limits.MaxBacklog && !q.ended {
		q.short.Wait()
	}
}

// end forgets what is left: nobody will do it.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended, q.items = true, nil
	q.short.Broadcast()
	close(q.over)
}
