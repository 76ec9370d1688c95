package router_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	amqp "github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// client is a connection of another implementation to a router.
type client struct {
	t   *testing.T
	ctx context.Context
	s   *amqp.Session
}

func newClient(t *testing.T, n *routertest.Node) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	c, err := amqp.Dial(ctx, n.URL(), &amqp.ConnOptions{SASLType: amqp.SASLTypeAnonymous()})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		cancel()
	})
	s, err := c.NewSession(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, ctx: ctx, s: s}
}

func (c *client) sender(addr string, o *amqp.SenderOptions) *amqp.Sender {
	c.t.Helper()
	s, err := c.s.NewSender(c.ctx, addr, o)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *client) receiver(addr string, credit int32) *amqp.Receiver {
	c.t.Helper()
	r, err := c.s.NewReceiver(c.ctx, addr, &amqp.ReceiverOptions{Credit: credit, DynamicAddress: addr == ""})
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *client) receive(r *amqp.Receiver) *amqp.Message {
	c.t.Helper()
	m, err := r.Receive(c.ctx, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *client) send(s *amqp.Sender, m *amqp.Message) amqp.DeliveryState {
	c.t.Helper()
	r, err := s.SendWithReceipt(c.ctx, m, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	st, err := r.Wait(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	return st
}

// couple is two routers that know each other.
func couple(t *testing.T, addresses ...config.Address) (a, b *routertest.Node) {
	t.Helper()
	m := routertest.New(t)
	a, b = m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	a.Config.Addresses, b.Config.Addresses = addresses, addresses
	m.Link("B", "A")
	m.Start()
	return a, b
}

func one(t *testing.T, addresses ...config.Address) *routertest.Node {
	t.Helper()
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	a.Config.Addresses = addresses
	m.Start()
	return a
}

// What the receiver says of a message is what its sender hears, over both routers and with all it holds.
func TestOutcomesEndToEnd(t *testing.T) {
	a, b := couple(t)
	out, in := newClient(t, a), newClient(t, b)
	r := in.receiver("queue", 10)
	s := out.sender("queue", nil) // credit comes when the address is known here
	for _, c := range []struct {
		say  func(m *amqp.Message) error
		want string
	}{
		{func(m *amqp.Message) error { return r.AcceptMessage(in.ctx, m) }, "*encoding.StateAccepted StateAccepted{}"},
		{func(m *amqp.Message) error { return r.ReleaseMessage(in.ctx, m) }, "*encoding.StateReleased StateReleased{}"},
		{func(m *amqp.Message) error {
			return r.ModifyMessage(in.ctx, m, &amqp.ModifyMessageOptions{DeliveryFailed: true, UndeliverableHere: true, Annotations: amqp.Annotations{"x": "y"}})
		}, "*encoding.StateModified StateModified{DeliveryFailed: true, UndeliverableHere: true, MessageAnnotations: map[x:y]}"},
		{func(m *amqp.Message) error {
			return r.RejectMessage(in.ctx, m, &amqp.Error{Condition: "a:b", Description: "no"})
		}, "rejected a:b no"},
	} {
		receipt, err := s.SendWithReceipt(out.ctx, amqp.NewMessage([]byte("body")), nil)
		if err != nil {
			t.Fatal(err)
		}
		m := in.receive(r)
		if string(m.GetData()) != "body" {
			t.Errorf("body %q", m.GetData())
		}
		if err := c.say(m); err != nil {
			t.Fatal(err)
		}
		st, err := receipt.Wait(out.ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%T %v", st, st)
		if rej, ok := st.(*amqp.StateRejected); ok {
			got = fmt.Sprintf("rejected %s %s", rej.Error.Condition, rej.Error.Description)
		}
		if got != c.want {
			t.Errorf("the sender hears %s, want %s", got, c.want)
		}
	}
}

// Messages of every size pass, also those that are too large to be held whole, and mixed with small ones.
func TestMessageSizes(t *testing.T) {
	a, b := couple(t)
	out, in := newClient(t, a), newClient(t, b)
	r := in.receiver("sizes", 20)
	s, s2 := out.sender("sizes", nil), out.sender("sizes", nil)
	var wg sync.WaitGroup
	sizes := []int{0, 1, 16_000, 70_000, 255 << 10, 257 << 10, 1 << 20, 5 << 20}
	for i, n := range sizes {
		for j, s := range []*amqp.Sender{s, s2} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				m := amqp.NewMessage(bytes.Repeat([]byte{byte(i*2 + j)}, n))
				if err := s.Send(out.ctx, m, nil); err != nil {
					t.Errorf("%d octets: %v", n, err)
				}
			}()
		}
	}
	got := map[int]int{}
	for range 2 * len(sizes) {
		m := in.receive(r)
		d := m.GetData()
		got[len(d)]++
		if len(d) > 0 && !bytes.Equal(d, bytes.Repeat(d[:1], len(d))) {
			t.Errorf("a message of %d octets is mixed with another", len(d))
		}
		if err := r.AcceptMessage(in.ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	for _, n := range sizes {
		if got[n] != 2 {
			t.Errorf("%d messages of %d octets", got[n], n)
		}
	}
}

// A sender has credit only while its address has a receiver, and what cannot be delivered any more is given back.
func TestCreditFollowsReceivers(t *testing.T) {
	a, b := couple(t)
	out, in := newClient(t, a), newClient(t, b)
	s := out.sender("later", nil)
	short, cancel := context.WithTimeout(out.ctx, 300*time.Millisecond)
	defer cancel()
	if err := s.Send(short, amqp.NewMessage(nil), nil); err == nil || short.Err() == nil {
		t.Fatalf("sent to nobody: %v", err)
	}
	r := in.receiver("later", 5)
	done := make(chan error, 1)
	go func() { done <- s.Send(out.ctx, amqp.NewMessage([]byte("x")), nil) }()
	m := in.receive(r)
	if err := r.AcceptMessage(in.ctx, m); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// Delivered but not settled when the receiver goes: nobody knows what became of it.
	receipt, err := s.SendWithReceipt(out.ctx, amqp.NewMessage([]byte("y")), nil)
	if err != nil {
		t.Fatal(err)
	}
	in.receive(r)
	if err := r.Close(in.ctx); err != nil {
		t.Fatal(err)
	}
	st, err := receipt.Wait(out.ctx)
	if m, ok := st.(*amqp.StateModified); err != nil || !ok || !m.DeliveryFailed {
		t.Errorf("%T %v, %v", st, st, err)
	}
}

// Messages wait for the credit of a slow receiver and come in order; those that never reached it are released when it goes.
func TestQueueForCredit(t *testing.T) {
	a := one(t)
	out, in := newClient(t, a), newClient(t, a)
	r := in.receiver("slow", -1) // credit by hand
	s := out.sender("slow", nil)
	var receipts []amqp.SendReceipt
	for i := range 20 {
		rc, err := s.SendWithReceipt(out.ctx, amqp.NewMessage([]byte{byte(i)}), nil)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, rc)
	}
	if err := r.IssueCredit(7); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		m := in.receive(r)
		if m.GetData()[0] != byte(i) {
			t.Errorf("message %d is %d", i, m.GetData()[0])
		}
		if err := r.AcceptMessage(in.ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(in.ctx); err != nil {
		t.Fatal(err)
	}
	for i, rc := range receipts {
		st, err := rc.Wait(out.ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, accepted := st.(*amqp.StateAccepted)
		_, released := st.(*amqp.StateReleased)
		if i < 7 && !accepted || i >= 7 && !released {
			t.Errorf("message %d: %T", i, st)
		}
	}
}

func TestDrain(t *testing.T) {
	a := one(t)
	out, in := newClient(t, a), newClient(t, a)
	r := in.receiver("drained", -1)
	s := out.sender("drained", nil)
	if err := r.IssueCredit(10); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Send(out.ctx, amqp.NewMessage([]byte("x")), nil) }()
	m := in.receive(r)
	if err := r.AcceptMessage(in.ctx, m); err != nil {
		t.Fatal(err)
	}
	if err := r.DrainCredit(in.ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.IssueCredit(1); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Send(out.ctx, amqp.NewMessage([]byte("y")), nil) }()
	if m := in.receive(r); string(m.GetData()) != "y" {
		t.Errorf("%q", m.GetData())
	}
}

func TestUnreachable(t *testing.T) {
	a, b := couple(t, config.Address{Prefix: "closed", Distribution: "unavailable"})
	c := newClient(t, a)
	anon := c.sender("", nil)
	to := func(addr string) *amqp.Message {
		m := amqp.NewMessage([]byte("x"))
		if addr != "" {
			m.Properties = &amqp.MessageProperties{To: &addr}
		}
		return m
	}
	for addr, want := range map[string]string{
		"nobody": "*encoding.StateReleased", "amqp:/_topo/0/C/x": "*encoding.StateReleased", "amqp:/_topo/0/B/nothing": "*encoding.StateReleased",
		"amqp:/_topo/0/all/qdrouter": "*encoding.StateReleased", "amqp:/_local/qdhello": "*encoding.StateReleased", "amqp:/_topo/0/B/qdrouter": "*encoding.StateReleased",
		"": "*encoding.StateRejected", "closed": "*encoding.StateRejected", "amqp:/": "*encoding.StateReleased", "amqp:/_topo/": "*encoding.StateReleased",
	} {
		if st := c.send(anon, to(addr)); fmt.Sprintf("%T", st) != want {
			t.Errorf("to %q: %T, want %s", addr, st, want)
		}
	}
	for _, addr := range []string{"closed", "closed/x"} {
		if _, err := c.s.NewSender(c.ctx, addr, nil); err == nil {
			t.Errorf("a sender to %s", addr)
		}
	}
	for _, addr := range []string{"closed", "$management", "amqp:/_local/qdhello", "amqp:/_topo/0/all/qdrouter", "amqp:/_topo/0/B/x"} {
		if _, err := c.s.NewReceiver(c.ctx, addr, nil); err == nil {
			t.Errorf("a receiver from %s", addr)
		}
	}
	// A temporary address reaches its owner from anywhere, and nobody after that.
	far := newClient(t, b)
	r := c.receiver("", 5)
	s := far.sender("", nil)
	go func() {
		if m, err := r.Receive(c.ctx, nil); err == nil {
			_ = r.AcceptMessage(c.ctx, m)
		}
	}()
	if st := far.send(s, to(r.Address())); fmt.Sprintf("%T", st) != "*encoding.StateAccepted" {
		t.Errorf("to %s: %T", r.Address(), st)
	}
	if err := r.Close(c.ctx); err != nil {
		t.Fatal(err)
	}
	if st := far.send(s, to(r.Address())); fmt.Sprintf("%T", st) != "*encoding.StateReleased" {
		t.Errorf("to the closed %s: %T", r.Address(), st)
	}
}

// How messages spread over receivers here and there.
func TestDistributions(t *testing.T) {
	a, b := couple(t, config.Address{Prefix: "near", Distribution: "closest"}, config.Address{Prefix: "every", Distribution: "multicast"})
	here, there := newClient(t, a), newClient(t, b)
	out := newClient(t, a)
	for _, c := range []struct {
		addr string
		want map[string]func(n int) bool // of 30 messages
	}{
		{"near", map[string]func(int) bool{"here1": func(n int) bool { return n == 15 }, "here2": func(n int) bool { return n == 15 }, "there": func(n int) bool { return n == 0 }}},
		{"every", map[string]func(int) bool{"here1": func(n int) bool { return n == 30 }, "here2": func(n int) bool { return n == 30 }, "there": func(n int) bool { return n == 30 }}},
		{"spread", map[string]func(int) bool{"here1": func(n int) bool { return n > 5 }, "here2": func(n int) bool { return n > 5 }, "there": func(n int) bool { return n < 25 }}},
	} {
		t.Run(c.addr, func(t *testing.T) {
			counts := map[string]int{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			ctx, cancel := context.WithCancel(out.ctx)
			take := func(name string, k *client) {
				r := k.receiver(c.addr, 100)
				wg.Go(func() {
					for {
						m, err := r.Receive(ctx, nil)
						if err != nil {
							return
						}
						_ = r.AcceptMessage(k.ctx, m)
						mu.Lock()
						counts[name]++
						mu.Unlock()
					}
				})
			}
			take("here1", here)
			take("here2", here)
			take("there", there)
			routertest.Eventually(t, 10*time.Second, func(ctx context.Context) error { return remote(ctx, a, c.addr) })
			s := out.sender(c.addr, nil)
			for range 30 {
				if st := out.send(s, amqp.NewMessage([]byte("x"))); fmt.Sprintf("%T", st) != "*encoding.StateAccepted" {
					t.Fatalf("%T", st)
				}
			}
			time.Sleep(100 * time.Millisecond) // copies may be on their way, and too many as well
			cancel()
			wg.Wait()
			total := 0
			for name, ok := range c.want {
				total += counts[name]
				if !ok(counts[name]) {
					t.Errorf("%s got %d", name, counts[name])
				}
			}
			if c.addr != "every" && total != 30 {
				t.Errorf("%d in all", total)
			}
		})
	}
}

// remote reports whether n knows a receiver for addr at another router.
func remote(ctx context.Context, n *routertest.Node, addr string) error {
	rows := 0
	n.Must(func(ctx context.Context, c *manage.Client) error {
		all, err := c.Query(ctx, "router.address", "name", "remoteCount")
		for _, r := range all {
			if r["name"] == "M"+addr && fmt.Sprint(r["remoteCount"]) == "1" {
				rows++
			}
		}
		return err
	})
	if rows == 0 {
		return fmt.Errorf("nobody is known for %s", addr)
	}
	return ctx.Err()
}

// Clients that come and go, some in the middle of something, leave nothing behind.
func TestClientsComeAndGo(t *testing.T) {
	a := one(t)
	for i := range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		c, err := amqp.Dial(ctx, a.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.NewSession(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		addr := fmt.Sprint("x", i)
		if _, err = s.NewReceiver(ctx, addr, &amqp.ReceiverOptions{Credit: 2}); err != nil {
			t.Fatal(err)
		}
		snd, err := s.NewSender(ctx, addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := snd.SendWithReceipt(ctx, amqp.NewMessage(make([]byte, 300_000)), nil); err != nil {
				t.Fatal(err)
			}
		}
		_ = c.Close()
		cancel()
	}
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		var left error
		a.Must(func(ctx context.Context, c *manage.Client) error {
			all, err := c.Query(ctx, "router.address", "name")
			for _, r := range all {
				if n := fmt.Sprint(r["name"]); len(n) > 1 && n[:2] == "Mx" {
					left = fmt.Errorf("%s is left", n)
				}
			}
			return err
		})
		return left
	})
}
