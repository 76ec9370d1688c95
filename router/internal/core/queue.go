package core

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// queue is the core's work. Each connection has a list of its own, and the router one for what is of no connection. The next work is that of the list for
// which the least time was spent lately, so that a peer that makes much work, or heavy, holds up nobody but itself. Putting never blocks; readers wait for
// room in theirs, so that it stays bounded.
type queue struct {
	wake chan struct{}
	over chan struct{} // closed when nobody takes any more

	mu    sync.Mutex
	own   tasks
	turns turns  // lists with work
	last  *tasks // whose work was taken last; nil: none
	now   time.Duration
	ended bool
}

// tasks is the work of one connection, in order.
type tasks struct {
	n atomic.Int32 // of items, for a look without the lock

	// Guarded by the queue's lock.
	items []func()
	at    int           // of the first one that was not taken
	spent time.Duration // for it, counted on from what the queue was at when there was work again
	turn  int           // its place in the queue's turns, while it has work
	short sync.Cond
}

// turns is a heap of lists: the first is the one for which the least time was spent.
type turns []*tasks

func (t turns) Len() int           { return len(t) }
func (t turns) Less(i, j int) bool { return t[i].spent < t[j].spent }
func (t turns) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].turn, t[j].turn = i, j
}

// Push adds a list, which must be a *tasks.
func (t *turns) Push(x any) {
	l, _ := x.(*tasks)
	l.turn = len(*t)
	*t = append(*t, l)
}

// Pop removes the last one.
func (t *turns) Pop() any {
	last := len(*t) - 1
	l := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	return l
}

// turn is how many items are taken at once when nobody else waits.
const turn = 16

func newQueue() *queue {
	q := &queue{wake: make(chan struct{}, 1), over: make(chan struct{})}
	q.own.short.L = &q.mu
	return q
}

// tasks is a new list.
func (q *queue) tasks() *tasks {
	l := &tasks{}
	l.short.L = &q.mu
	return l
}

func (q *queue) put(l *tasks, f func()) {
	q.mu.Lock()
	if !q.ended {
		if len(l.items) == 0 {
			l.spent = max(l.spent, q.now)
			heap.Push(&q.turns, l)
		}
		l.items = append(l.items, f)
		l.n.Add(1)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Of the time that was spent: the least that counts for one take, and by how much the router's own work is preferred.
const (
	leastSpent = time.Microsecond
	ownShare   = 4
)

// take returns the next work, none when there is none. dst is used for it. took is how long that took which was returned before.
func (q *queue) take(dst []func(), took time.Duration) []func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.last; l != nil {
		took = max(took, leastSpent)
		if l == &q.own {
			took /= ownShare
		}
		l.spent += took
		if len(l.items) > 0 {
			heap.Fix(&q.turns, l.turn)
		}
		q.last = nil
	}
	if len(q.turns) == 0 {
		return dst[:0]
	}
	l, n := q.turns[0], 1
	if len(q.turns) == 1 { // nobody else
		n = turn
	}
	q.last, q.now = l, max(q.now, l.spent)
	if dst = l.take(dst[:0], n); len(l.items) == 0 {
		heap.Pop(&q.turns)
	}
	return dst
}

func (l *tasks) take(dst []func(), n int) []func() {
	end := min(l.at+n, len(l.items))
	dst = append(dst, l.items[l.at:end]...)
	clear(l.items[l.at:end])
	l.n.Add(int32(l.at - end))
	if l.at = end; end == len(l.items) {
		l.items, l.at = l.items[:0], 0
		if cap(l.items) > limits.MaxBacklog {
			l.items = nil
		}
	} else if l.at > limits.MaxBacklog { // of what was taken nothing stays
		l.items = append(l.items[:0], l.items[l.at:]...)
		l.at = 0
	}
	if l.n.Load() <= limits.MaxBacklog/2 {
		l.short.Broadcast()
	}
	return dst
}

// full reports that whoever adds to them should wait.
func (l *tasks) full() bool { return l.n.Load() >= limits.MaxBacklog }

// room waits while the list is full, and then until half of that is done. The core never waits for a reader, so it will come to it.
func (q *queue) room(l *tasks) {
	if !l.full() {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for l.n.Load() > limits.MaxBacklog/2 && !q.ended {
		l.short.Wait()
	}
}

// end forgets what is left: nobody will do it.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	for _, l := range q.turns {
		l.items, l.at = nil, 0
		l.n.Store(0)
		l.short.Broadcast()
	}
	q.turns = nil
	close(q.over)
}
