package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/routertest"
)

// brief is how long a client waits for what should not come.
const brief = 500 * time.Millisecond

// clients are AMQP clients of one network: sends enters it at one router and receives leaves it at one.
type clients struct {
	ctx          context.Context
	sends, recvs *amqp.Session
	name         string // that nobody else uses
}

// acts are what clients do; each tells what came of it in words that do not depend on the router.
var acts = []struct {
	name string
	far  bool // works between two routers, too
	run  func(c clients) string
	ours string // what comes of it with ours, if that differs on purpose
}{
	{"anonymous to nobody", false, func(c clients) string { return c.anonymous(c.name) }, ""},
	{"anonymous without to", false, func(c clients) string { return c.anonymous("") }, ""},
	{"anonymous to an unavailable address", false, func(c clients) string { return c.anonymous("nope/" + c.name) }, ""},
	{"anonymous to another area", false, func(c clients) string { return c.anonymous("_topo/7/x/y") }, ""},
	{"anonymous to an unknown router", false, func(c clients) string { return c.anonymous("_topo/0/unknown/y") }, ""},
	{"attach to an unavailable address", false, func(c clients) string {
		_, err := c.sends.NewSender(c.ctx, "nope/"+c.name, nil)
		return failure(err)
	}, ""},
	{"subscribe to an unavailable address", false, func(c clients) string {
		return c.subscribe("nope/" + c.name)
	}, ""},
	{"subscribe to nothing", false, func(c clients) string { return c.subscribe("") }, ""},
	{"subscribe to management", false, func(c clients) string { return c.subscribe("$management") },
		"error qd:forbidden this address cannot be received from"}, // requests are for the router alone
	{"subscribe to control messages", false, func(c clients) string { return c.subscribe("_topo/0/all/qdrouter") },
		"error qd:forbidden this address cannot be received from"}, // so is what routers tell each other
	{"subscribe to another router", false, func(c clients) string { return c.subscribe("_topo/0/unknown/y") }, ""},
	{"send to control messages", false, func(c clients) string { return c.anonymous("_topo/0/all/qdrouter") }, ""},
	{"send to hello", false, func(c clients) string { return c.anonymous("_local/qdhello") }, ""},
	{"dynamic target", false, func(c clients) string {
		s, err := c.sends.NewSender(c.ctx, "", &amqp.SenderOptions{DynamicAddress: true})
		if err != nil {
			return failure(err)
		}
		r, err := c.recvs.NewReceiver(c.ctx, s.Address(), nil)
		if err != nil {
			return failure(err)
		}
		got := make(chan string, 1)
		go func() { got <- receive(c.ctx, r, "accept") }()
		form, _, _ := strings.Cut(s.Address(), ".") // the rest is random
		return form + ": " + sent(s.SendWithReceipt(c.ctx, amqp.NewMessage([]byte("x")), nil)) + " " + <-got
	}, ""},
	{"credit only while there is a receiver", false, func(c clients) string {
		s, err := c.sends.NewSender(c.ctx, c.name, nil)
		if err != nil {
			return failure(err)
		}
		ctx, cancel := context.WithTimeout(c.ctx, brief)
		before := sent(s.SendWithReceipt(ctx, amqp.NewMessage([]byte("x")), nil))
		cancel()
		return before + ", then " + c.deliver(s, "accept", amqp.NewMessage([]byte("x")))
	}, ""},
	{"accepted", true, func(c clients) string { return c.to(c.name, "accept", amqp.NewMessage([]byte("x"))) }, ""},
	{"rejected", true, func(c clients) string { return c.to(c.name, "reject", amqp.NewMessage([]byte("x"))) }, ""},
	{"released", true, func(c clients) string { return c.to(c.name, "release", amqp.NewMessage([]byte("x"))) }, ""},
	{"modified", true, func(c clients) string { return c.to(c.name, "modify", amqp.NewMessage([]byte("x"))) }, ""},
	{"every section", true, func(c clients) string {
		id, reply, subject := any(uint64(7)), "back", "about"
		return c.to(c.name, "accept", &amqp.Message{
			Header:                &amqp.MessageHeader{Durable: true, Priority: 7, TTL: time.Minute},
			DeliveryAnnotations:   amqp.Annotations{"x-opt-d": "1"},
			Annotations:           amqp.Annotations{"x-opt-m": int64(2)},
			Properties:            &amqp.MessageProperties{MessageID: id, UserID: []byte("me"), ReplyTo: &reply, Subject: &subject},
			ApplicationProperties: map[string]any{"a": "b", "n": int32(5)},
			Value:                 map[string]any{"list": []any{"x", int64(1), true}},
			Footer:                amqp.Annotations{"x-opt-f": "3"},
		})
	}, ""},
	{"two data sections", true, func(c clients) string {
		return c.to(c.name, "accept", &amqp.Message{Data: [][]byte{[]byte("one"), []byte("two")}})
	}, ""},
	{"empty body", true, func(c clients) string { return c.to(c.name, "accept", &amqp.Message{Data: [][]byte{{}}}) }, ""},
	{"a message of 2 MiB", true, func(c clients) string {
		return c.to(c.name, "accept", amqp.NewMessage(bytes.Repeat([]byte("0123456789abcdef"), 2<<16)))
	}, ""},
	{"a dynamic address", true, func(c clients) string {
		r, err := c.recvs.NewReceiver(c.ctx, "", &amqp.ReceiverOptions{DynamicAddress: true})
		if err != nil {
			return failure(err)
		}
		addr := r.Address()
		got := make(chan string, 1)
		go func() { got <- receive(c.ctx, r, "accept") }()
		msg := amqp.NewMessage([]byte("x"))
		msg.Properties = &amqp.MessageProperties{To: &addr}
		s, err := c.sends.NewSender(c.ctx, "", nil)
		if err != nil {
			return failure(err)
		}
		shape := addr
		if i := strings.LastIndexByte(addr, '.'); i > 0 {
			shape = fmt.Sprintf("%s.<%d>", addr[:i], len(addr)-i-1)
		}
		return shape + ": " + outcome(c.ctx, s, msg) + ", " + <-got
	}, ""},
	{"multicast", true, func(c clients) string {
		var got []chan string
		for range 3 {
			r, err := c.recvs.NewReceiver(c.ctx, "mc/"+c.name, nil)
			if err != nil {
				return failure(err)
			}
			ch := make(chan string, 1)
			go func() { ch <- receive(c.ctx, r, "accept") }()
			got = append(got, ch)
		}
		s, err := c.sends.NewSender(c.ctx, "mc/"+c.name, nil)
		if err != nil {
			return failure(err)
		}
		text := failure(s.Send(c.ctx, amqp.NewMessage([]byte("x")), &amqp.SendOptions{Settled: true}))
		for _, ch := range got {
			text += ", " + <-ch
		}
		return text
	}, ""},
	{"balanced", false, func(c clients) string {
		count := make(chan int, 100)
		for i := range 2 {
			r, err := c.recvs.NewReceiver(c.ctx, c.name, nil)
			if err != nil {
				return failure(err)
			}
			go func() {
				for receive(c.ctx, r, "accept") != "" && c.ctx.Err() == nil {
					count <- i
				}
			}()
		}
		s, err := c.sends.NewSender(c.ctx, c.name, nil)
		if err != nil {
			return failure(err)
		}
		per := [2]int{}
		for range 20 {
			if o := outcome(c.ctx, s, amqp.NewMessage([]byte("x"))); o != "accepted" {
				return o
			}
			per[<-count]++
		}
		return fmt.Sprint("everybody got some: ", per[0] > 0 && per[1] > 0)
	}, ""},
	{"the receiver goes away", false, func(c clients) string {
		r, err := c.recvs.NewReceiver(c.ctx, c.name, nil)
		if err != nil {
			return failure(err)
		}
		s, err := c.sends.NewSender(c.ctx, c.name, nil)
		if err != nil {
			return failure(err)
		}
		receipt, err := s.SendWithReceipt(c.ctx, amqp.NewMessage([]byte("x")), nil)
		if err != nil {
			return failure(err)
		}
		if _, err := r.Receive(c.ctx, nil); err != nil {
			return failure(err)
		}
		if err := r.Close(c.ctx); err != nil {
			return failure(err)
		}
		return state(receipt.Wait(c.ctx))
	}, ""},
	{"detach of a receiver", false, func(c clients) string {
		r, err := c.recvs.NewReceiver(c.ctx, c.name, nil)
		if err != nil {
			return failure(err)
		}
		if err := r.Close(c.ctx); err != nil {
			return failure(err)
		}
		return c.anonymous(c.name)
	}, ""},
}

// anonymous sends to an address that only the message names.
func (c clients) anonymous(to string) string {
	s, err := c.sends.NewSender(c.ctx, "", nil)
	if err != nil {
		return failure(err)
	}
	msg := amqp.NewMessage([]byte("x"))
	if to != "" {
		msg.Properties = &amqp.MessageProperties{To: &to}
	}
	return outcome(c.ctx, s, msg)
}

// subscribe receives from an address that nobody sends to.
func (c clients) subscribe(addr string) string {
	r, err := c.recvs.NewReceiver(c.ctx, addr, nil)
	if err != nil {
		return failure(err)
	}
	ctx, cancel := context.WithTimeout(c.ctx, brief)
	defer cancel()
	_, err = r.Receive(ctx, nil)
	return failure(err)
}

func (c clients) to(addr, answer string, msg *amqp.Message) string {
	s, err := c.sends.NewSender(c.ctx, addr, nil)
	if err != nil {
		return failure(err)
	}
	return c.deliver(s, answer, msg)
}

// deliver sends msg to a receiver that answers with an outcome.
func (c clients) deliver(s *amqp.Sender, answer string, msg *amqp.Message) string {
	r, err := c.recvs.NewReceiver(c.ctx, c.name, nil)
	if err != nil {
		return failure(err)
	}
	got := make(chan string, 1)
	go func() { got <- receive(c.ctx, r, answer) }()
	return outcome(c.ctx, s, msg) + ", " + <-got
}

func receive(ctx context.Context, r *amqp.Receiver, answer string) string {
	msg, err := r.Receive(ctx, nil)
	if err != nil {
		return failure(err)
	}
	switch answer {
	case "reject":
		err = r.RejectMessage(ctx, msg, &amqp.Error{Condition: "test:no", Description: "not this one", Info: map[string]any{"k": "v"}})
	case "release":
		err = r.ReleaseMessage(ctx, msg)
	case "modify":
		err = r.ModifyMessage(ctx, msg, &amqp.ModifyMessageOptions{DeliveryFailed: true, UndeliverableHere: true, Annotations: amqp.Annotations{"x-opt-why": "test"}})
	default:
		err = r.AcceptMessage(ctx, msg)
	}
	if err != nil {
		return failure(err)
	}
	return describe(msg)
}

// describe is all there is in a message.
func describe(m *amqp.Message) string {
	var b strings.Builder
	if h := m.Header; h != nil {
		fmt.Fprintf(&b, "header{%t %d %v} ", h.Durable, h.Priority, h.TTL)
	}
	if p := m.Properties; p != nil {
		fmt.Fprintf(&b, "properties{%v %s reply %t subject %t} ", p.MessageID, p.UserID, p.ReplyTo != nil, p.Subject != nil)
	}
	fmt.Fprintf(&b, "%v %v %v %v ", m.DeliveryAnnotations, m.Annotations, m.ApplicationProperties, m.Footer)
	for _, d := range m.Data {
		fmt.Fprintf(&b, "data %d %.20q ", len(d), d)
	}
	fmt.Fprintf(&b, "%v", m.Value)
	return b.String()
}

func outcome(ctx context.Context, s *amqp.Sender, msg *amqp.Message) string {
	receipt, err := s.SendWithReceipt(ctx, msg, nil)
	if err != nil {
		return failure(err)
	}
	return state(receipt.Wait(ctx))
}

func sent(_ amqp.SendReceipt, err error) string { return failure(err) }

func state(st amqp.DeliveryState, err error) string {
	switch st := st.(type) {
	case nil:
		return failure(err)
	case *amqp.StateAccepted:
		return "accepted"
	case *amqp.StateReleased:
		return "released"
	case *amqp.StateRejected:
		if st.Error == nil {
			return "rejected"
		}
		return fmt.Sprintf("rejected %s %s %v", st.Error.Condition, st.Error.Description, st.Error.Info)
	case *amqp.StateModified:
		return fmt.Sprintf("modified %t %t %v", st.DeliveryFailed, st.UndeliverableHere, st.MessageAnnotations)
	default:
		return fmt.Sprintf("%T", st)
	}
}

func failure(err error) string {
	var link *amqp.LinkError
	var remote *amqp.Error
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &link) && link.RemoteErr != nil:
		return fmt.Sprintf("detached %s %s", link.RemoteErr.Condition, link.RemoteErr.Description)
	case errors.As(err, &remote) && remote.Condition == amqp.ErrCondTransferLimitExceeded:
		return "no credit"
	case errors.As(err, &remote):
		return fmt.Sprintf("error %s %s", remote.Condition, remote.Description)
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing"
	}
	return err.Error()
}

// session opens a client's session with a router.
func session(t *testing.T, n *routertest.Node) *amqp.Session {
	t.Helper()
	c, err := amqp.Dial(t.Context(), n.URL(), &amqp.ConnOptions{SASLType: amqp.SASLTypeAnonymous()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := c.NewSession(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func act(t *testing.T, from, to *routertest.Node, name string, run func(c clients) string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	text := run(clients{ctx: ctx, sends: session(t, from), recvs: session(t, to), name: from.ID + to.ID + "/" + strings.ReplaceAll(name, " ", "-")})
	return strings.NewReplacer(from.ID, "ROUTER", to.ID, "ROUTER").Replace(text)
}

func addresses(n *routertest.Node) *routertest.Node {
	n.Config.Addresses = append(n.Config.Addresses, config.Address{Prefix: "mc", Distribution: "multicast"}, config.Address{Prefix: "nope", Distribution: "unavailable"})
	return n
}

// TestClients has clients do the same with either router, and with both together.
func TestClients(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := addresses(m.Add("REAL", real)), addresses(m.Add("OURS", ours))
	m.Link("OURS", "REAL")
	m.Start()
	for _, x := range acts {
		t.Run(x.name, func(t *testing.T) {
			want, got := act(t, a, a, x.name, x.run), act(t, b, b, x.name, x.run)
			t.Logf("a real router: %s", want)
			if x.ours != "" {
				t.Logf("ours, on purpose: %s", x.ours)
				want = x.ours
			}
			if got != want {
				t.Errorf("ours: %s", got)
			}
			if !x.far {
				return
			}
			if got := act(t, a, b, x.name, x.run); got != want {
				t.Errorf("from real to ours: %s", got)
			}
			if got := act(t, b, a, x.name, x.run); got != want {
				t.Errorf("from ours to real: %s", got)
			}
		})
	}
}
