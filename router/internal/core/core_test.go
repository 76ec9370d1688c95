package core

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func running(t *testing.T) *Core {
	t.Helper()
	c := quiet("me")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

func TestCallAfterTheEnd(t *testing.T) {
	c := quiet("me")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	if !c.Call(t.Context(), func() {}) {
		t.Error("a core that runs does nothing")
	}
	ran := false
	c.Do(func() { ran = true })
	cancel()
	<-done
	c.Do(func() { t.Error("a core that is over does something") })
	if c.Call(t.Context(), func() { t.Error("a core that is over does something") }) {
		t.Error("the call is said to be done")
	}
	c.q.room(&c.q.own) // does not wait
	if !ran {
		t.Error("what was given before the end is not done")
	}
}

// A reader that is far ahead of the core waits for it, and for no longer than it takes.
func TestBacklog(t *testing.T) {
	c := running(t)
	hold, begun := make(chan struct{}), make(chan struct{})
	c.Do(func() { close(begun); <-hold })
	<-begun
	busy, other := c.q.tasks(), c.q.tasks()
	for range limits.MaxBacklog + 1 {
		c.q.put(busy, func() {})
	}
	c.q.room(other) // is not full
	free := make(chan struct{})
	go func() { c.q.room(busy); close(free) }()
	select {
	case <-free:
		t.Error("nobody waits")
	case <-time.After(50 * time.Millisecond):
	}
	close(hold)
	select {
	case <-free:
	case <-time.After(10 * time.Second):
		t.Error("it waits for ever")
	}
}

// Connections take turns by the time that was spent for them: of one that has given much, or whose work is heavy, less is done before it is the turn of
// others. Each one's work is done in order.
func TestTurns(t *testing.T) {
	q := newQueue()
	var did []string
	add := func(l *tasks, what string, n int) {
		for i := range n {
			q.put(l, func() { did = append(did, fmt.Sprint(what, i)) })
		}
	}
	busy, heavy, other := q.tasks(), q.tasks(), q.tasks()
	add(busy, "b", 3*limits.MaxBacklog)
	add(heavy, "h", 3)
	add(&q.own, "own", 2)
	var work []func()
	var took time.Duration
	for i := 0; ; i++ {
		if work = q.take(work, took); len(work) == 0 {
			break
		}
		for _, f := range work {
			f()
		}
		if took = time.Millisecond; strings.HasPrefix(did[len(did)-1], "h") {
			took = 10 * time.Millisecond
		}
		if i == 5 {
			add(other, "o", 1)
		}
	}
	if got := strings.Join(did[:16], " "); got != "b0 h0 own0 own1 b1 b2 o0 b3 b4 b5 b6 b7 b8 b9 b10 h1" {
		t.Errorf("done in the order %s", got)
	}
	if n := len(did); n != 3*limits.MaxBacklog+6 || did[n-1] != fmt.Sprint("b", 3*limits.MaxBacklog-1) || busy.n.Load() != 0 || busy.full() {
		t.Errorf("%d were done, the last one %s", n, did[n-1])
	}
}

// The core looks at the time however much there is to do.
func TestTimeGoesOn(t *testing.T) {
	c := quiet("me")
	ticked := make(chan struct{})
	once := sync.OnceFunc(func() { close(ticked) })
	c.EachTick(func(time.Time) { once() })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	stop := false // of the core's goroutine
	var again func()
	again = func() {
		if !stop {
			c.Do(again)
		}
	}
	c.Do(again)
	go func() { defer close(done); c.Run(ctx) }()
	select {
	case <-ticked:
	case <-time.After(10 * time.Second):
		t.Error("nobody looks at the time")
	}
	c.Do(func() { stop = true })
	cancel()
	<-done
}

// word is what a source was told.
type word struct {
	state   frame.DeliveryState
	settled bool
}

type words chan word

func (w words) Update(st frame.DeliveryState, settled bool) { w <- word{st, settled} }

// taker offers what it gets.
type taker chan Offer

func (k taker) Offer(o Offer) { k <- o }

func head(t *testing.T, to string) []byte {
	t.Helper()
	m := message.Message{To: to, HasBody: true}
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStreamWithoutDestination(t *testing.T) {
	c := running(t)
	for _, to := range []string{"nobody", "amqp:/_topo/0/other/x", "amqp:/_local/nothing", "amqp:/_topo/0/all/x"} {
		w := make(words, 10)
		s := c.Open(to, head(t, to), w, nil)
		if got := <-w; got.state.Code() != (&frame.Released{}).Code() {
			t.Errorf("to %s: %T", to, got.state)
		}
		s.Cut(true)
		c.Call(t.Context(), func() {
			if len(c.addrs) != 0 {
				t.Errorf("to %s: addresses %v are left", to, sortedKeys(c.addrs))
			}
		})
	}
	if w := make(words, 10); true {
		c.Open("", nil, w, nil)
		if got := <-w; got.state.Code() != (&frame.Rejected{}).Code() {
			t.Errorf("without an address: %T", got.state)
		}
	}
}

// A stream that is cut before its taker has it is gone, and the taker learns it.
func TestCutBeforeBind(t *testing.T) {
	c := running(t)
	k := make(taker, 1)
	cancel := c.Consume("Mx", 5, k)
	w := make(words, 10)
	s := c.Open("x", head(t, "x"), w, nil)
	o := <-k
	s.Cut(true)
	out := &outletLog{}
	if o.Bind(out) || out.log != "abort " {
		t.Errorf("bound to what is gone: %q", out.log)
	}
	o.Done()
	if len(w) != 0 {
		t.Errorf("its maker hears %+v", <-w)
	}
	// And one that is cut after that is aborted.
	s = c.Open("x", head(t, "x"), w, nil)
	o = <-k
	out = &outletLog{}
	if !o.Bind(out) {
		t.Fatal("not bound")
	}
	s.Cut(true)
	if out.log != "flush abort flush " {
		t.Errorf("%q", out.log)
	}
	o.Done()
	cancel()
	c.Call(t.Context(), func() {
		if len(c.addrs) != 0 {
			t.Errorf("addresses %v are left", sortedKeys(c.addrs))
		}
	})
}

// outletLog writes down what is done with it.
type outletLog struct {
	Outlet
	log string
}

func (o *outletLog) Write([]byte) { o.log += "write " }
func (o *outletLog) Flush()       { o.log += "flush " }
func (o *outletLog) End(bool)     { o.log += "end " }
func (o *outletLog) Abort()       { o.log += "abort " }

// Replies may name any address, but never one of the control plane.
func TestPublish(t *testing.T) {
	c := running(t)
	got := make(chan string, 10)
	for _, k := range []string{"Lqdhello", "Tqdrouter", "Mx"} {
		c.Subscribe(k, false, func(m Incoming) { got <- k })
	}
	c.Call(t.Context(), func() {
		for _, to := range []string{"amqp:/_local/qdhello", "amqp:/_topo/0/all/qdrouter", "", "amqp:/_topo/0/me/qdrouter", "nobody", "x"} {
			c.Publish(to, head(t, to), 4)
		}
	})
	if k := <-got; k != "Mx" || len(got) != 0 {
		t.Errorf("%s and %d more got it", k, len(got))
	}
}

// Watches are told at once, at each change, and never after their end.
func TestWatch(t *testing.T) {
	c := running(t)
	got := make(chan bool, 10)
	cancel := c.Watch("Mx", func(r bool) { got <- r })
	stop := c.Consume("Mx", 5, make(taker))
	c.Call(t.Context(), func() { c.AddRemote("b", "Mx", Balanced, "") })
	stop()
	c.Call(t.Context(), func() { c.NodeGone("b") })
	cancel()
	cancel()
	c.Consume("Mx", 5, make(taker))()
	c.Call(t.Context(), func() {
		if len(c.addrs) != 0 {
			t.Errorf("addresses %v are left", sortedKeys(c.addrs))
		}
	})
	close(got)
	want := []bool{false, true, false}
	for i, r := range want {
		if g, ok := <-got; g != r || !ok {
			t.Errorf("word %d is %t", i, g)
		}
	}
	if _, more := <-got; more {
		t.Error("there are more")
	}
}
