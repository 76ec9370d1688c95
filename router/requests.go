package router

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// requests is the management requests that wait. Each peer's are answered in their order, and the peers by turns: who asks for more than can be answered keeps
// nobody else waiting for long. When there are too many the oldest give way of the peer that has the most, and their sender times out.
type requests struct {
	wake chan struct{}

	mu     sync.Mutex
	turns  []*asker // with requests, the next one first
	n      int      // requests
	octets int      // of those
}

// asker is one peer that has asked.
type asker struct {
	from   string
	asked  [][]byte
	octets int
}

// put adds a request. It returns whose requests had to give way, "" for none.
func (q *requests) put(from string, req []byte) (gone string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var a *asker
	for _, t := range q.turns {
		if t.from == from {
			a = t
		}
	}
	if a == nil {
		a = &asker{from: from}
		q.turns = append(q.turns, a)
	}
	a.asked = append(a.asked, req)
	a.octets += len(req)
	q.n++
	q.octets += len(req)
	for q.n > limits.MaxRequests || q.octets > limits.MaxRequestOctets {
		gone = q.giveWay()
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return gone
}

// giveWay forgets the oldest request of who has most of what there is too much of. q.mu is held.
func (q *requests) giveWay() (from string) {
	most := 0
	for i, t := range q.turns {
		if q.octets > limits.MaxRequestOctets && t.octets > q.turns[most].octets || q.octets <= limits.MaxRequestOctets && len(t.asked) > len(q.turns[most].asked) {
			most = i
		}
	}
	from = q.turns[most].from
	q.pop(most)
	if t := q.turns[most]; len(t.asked) == 0 {
		q.turns = append(q.turns[:most], q.turns[most+1:]...)
	}
	return from
}

// pop takes the oldest request of one. q.mu is held.
func (q *requests) pop(i int) []byte {
	a := q.turns[i]
	req := a.asked[0]
	a.asked[0] = nil
	a.asked = a.asked[1:]
	a.octets -= len(req)
	q.n--
	q.octets -= len(req)
	return req
}

// take is the next request, nil when there is none.
func (q *requests) take() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.turns) == 0 {
		return nil
	}
	req, a := q.pop(0), q.turns[0]
	if q.turns = q.turns[1:]; len(a.asked) > 0 {
		q.turns = append(q.turns, a)
	}
	return req
}

// errRequests is why requests are not answered.
var errRequests = errors.New("its oldest requests are not answered: more wait than can be answered")

// serveManagement subscribes the management node, and answers until the function returned is called, which waits for the end.
func (r *Router) serveManagement() (stop func()) {
	q := &requests{wake: make(chan struct{}, 1)}
	take := func(m core.Incoming) {
		if gone := q.put(m.From, m.Body); gone != "" {
			r.failing.note(time.Now(), "too many management requests", "$management", peerName(gone), errRequests)
		}
	}
	for _, k := range []string{"M$management", "L$management"} {
		r.core.Subscribe(k, false, take)
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-over:
				return
			case <-q.wake:
			}
			for req := q.take(); req != nil; req = q.take() {
				r.answer(req)
				select {
				case <-over:
					return
				default:
				}
			}
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

func (r *Router) answer(req []byte) {
	ctx, cancel := context.WithTimeout(r.ctx, 10*time.Second)
	defer cancel()
	to, reply, ok := r.agent.Handle(ctx, req)
	if ok { // the next one is not answered before this is on its way
		r.core.Call(ctx, func() { r.core.Publish(to, reply, 4) })
	}
}
