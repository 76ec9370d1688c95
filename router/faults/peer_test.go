//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

// besieged is two routers with traffic between them, of which A has listeners for peers that misbehave.
type besieged struct {
	*routertest.Mesh
	t      *testing.T
	a      *routertest.Node
	plain  string // where A takes clients without TLS
	inter  string // where it takes routers
	beside *traffic
}

func besiege(t *testing.T) *besieged {
	t.Helper()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	b := &besieged{Mesh: m, t: t, a: m.Add("A", p), beside: newTraffic(t)}
	far := m.Add("B", p)
	m.Link("B", "A")
	for _, l := range b.a.Config.Listeners {
		switch addr := net.JoinHostPort(l.Host, l.Port); l.Role {
		case "":
			b.plain = addr
		case config.RoleInterRouter:
			b.inter = addr
		}
	}
	m.Start()
	b.beside.start(b.beside.join(b.a, far, "x"), 2, 100_000, 100_000)
	b.beside.flows(2)
	return b
}

// over checks that nobody but the attacker has noticed anything.
func (b *besieged) over() {
	b.t.Helper()
	b.beside.flows(4)
	b.AwaitAll()
	b.beside.report("beside it")
	b.beside.unharmed()
}

var amqpHeader = []byte("AMQP\x00\x01\x00\x00")

func amqp(channel uint16, p frame.Performative, payload []byte) []byte {
	return frame.AppendFrame(nil, frame.TypeAMQP, channel, p, payload)
}

func ptr[T any](v T) *T { return &v }

// greeting takes a connection as far as a session.
func greeting() []byte {
	return bytes.Join([][]byte{amqpHeader, amqp(0, &frame.Open{ContainerID: "stranger"}, nil), amqp(0, &frame.Begin{IncomingWindow: 100, OutgoingWindow: 100, HandleMax: 100}, nil)}, nil)
}

// sender attaches a link on which the stranger sends.
func sender(handle uint32, address string) []byte {
	return amqp(0, &frame.Attach{Name: fmt.Sprint("l", handle), Handle: handle, Role: frame.RoleSender, Source: &frame.Source{},
		Target: &frame.Target{Address: address, HasAddress: true}, InitialDeliveryCount: ptr(uint32(0))}, nil)
}

func transfer(handle, id uint32, more bool, payload []byte) []byte {
	return amqp(0, &frame.Transfer{Handle: handle, DeliveryID: id, HasDeliveryID: true, DeliveryTag: binary.BigEndian.AppendUint32(nil, id), More: more}, payload)
}

// says writes to a router and returns all that it answers until it ends the connection, which it has to do. Writing may fail: it need not hear all.
func says(t *testing.T, addr string, octets []byte) string {
	t.Helper()
	c, done, err := routertest.Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	_ = c.SetDeadline(time.Now().Add(patience))
	var all sync.WaitGroup
	defer all.Wait()
	var said bytes.Buffer
	if i := bytes.Index(octets, pausing); i >= 0 { // until there is credit
		if _, err := c.Write(octets[:i]); err != nil {
			t.Fatal(err)
		}
		for !bytes.Contains(said.Bytes(), []byte{0, 0x53, 0x13}) { // a flow
			if _, err := io.CopyN(&said, c, 1); err != nil {
				t.Fatalf("there is no credit: the stranger hears %q, %v", said.String(), err)
			}
		}
		octets = octets[i+len(pausing):]
	}
	all.Go(func() { _, _ = c.Write(octets) })
	if _, err := io.Copy(&said, c); err != nil {
		if n, ok := err.(net.Error); ok && n.Timeout() {
			t.Errorf("the router does not end the connection; it has said %q", said.String())
		}
	}
	return said.String()
}

// pausing stands between the octets that make a link and those that use it.
var pausing = []byte("-pause-")

type misdeed struct {
	name string
	say  []byte
	want string // condition
}

// commit has a stranger commit misdeeds, each over a connection of its own.
func (b *besieged) commit(misdeeds []misdeed) {
	b.t.Helper()
	for _, m := range misdeeds {
		b.t.Run(m.name, func(t *testing.T) {
			began := time.Now()
			if said := says(t, b.plain, m.say); !strings.Contains(said, m.want) {
				t.Errorf("the stranger hears %q, want %s", said, m.want)
			}
			t.Logf("the stranger reads %s, and the end, after %v", m.want, time.Since(began).Round(time.Millisecond))
			routertest.Eventually(t, patience, func(context.Context) error {
				if !strings.Contains(b.a.Log(), m.want) {
					return fmt.Errorf("the log has no line about %s", m.want)
				}
				return nil
			})
		})
	}
}

// TestGarbageAndTruncatedFrames has strangers talk nonsense at every state of a connection.
func TestGarbageAndTruncatedFrames(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	states := []struct {
		name string
		so   []byte
	}{
		{"nothing said", nil}, {"header", amqpHeader}, {"open", append(bytes.Clone(amqpHeader), amqp(0, &frame.Open{ContainerID: "stranger"}, nil)...)},
		{"session", greeting()}, {"link", append(greeting(), sender(0, "$management")...)},
		{"within a message", bytes.Join([][]byte{greeting(), sender(0, "$management"), pausing, transfer(0, 0, true, []byte{0, 0x53})}, nil)},
	}
	for _, s := range states {
		for _, m := range []struct {
			name string
			say  []byte
		}{
			{"garbage", bytes.Repeat([]byte{0xde, 0xad, 0xbe, 0xef}, 100)}, {"length below the header's", []byte{0, 0, 0, 7, 2, 0, 0, 0}},
			{"length beyond all", []byte{0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0}}, {"unknown performative", []byte{0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x77, 0x45}},
			{"list longer than its frame", []byte{0, 0, 0, 13, 2, 0, 0, 0, 0, 0x53, 0x14, 0xc0, 0xff}}, {"another protocol", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
		} {
			t.Run(s.name+"/"+m.name, func(t *testing.T) { says(t, b.plain, append(bytes.Clone(s.so), m.say...)) })
		}
		t.Run(s.name+"/half a frame", func(t *testing.T) {
			whole := amqp(0, &frame.Flow{IncomingWindow: 1, OutgoingWindow: 1}, nil)
			c, done, err := routertest.Dial(t.Context(), b.plain)
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			_ = c.SetDeadline(time.Now().Add(patience))
			if _, err := c.Write(append(bytes.ReplaceAll(s.so, pausing, nil), whole[:len(whole)/2]...)); err != nil {
				t.Fatal(err)
			}
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil {
				if n, ok := err.(net.Error); ok && n.Timeout() {
					t.Error("the router does not end the connection")
				}
			}
		})
	}
	b.over()
}

// TestCreditAndWindowAbuse has strangers send without credit or beyond the window, and grant what they cannot have.
func TestCreditAndWindowAbuse(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	flood := append(greeting(), sender(0, "nobody")...)
	var many []byte
	for i := range uint32(2 * limits.LinkCapacity) {
		many = append(many, transfer(0, i, false, []byte{0, 0x53, 0x77, 0x40})...)
	}
	b.commit([]misdeed{
		{"transfer without credit", bytes.Join([][]byte{flood, many}, nil), "amqp:link:transfer-limit-exceeded"},
		{"transfer on a link of the other direction", bytes.Join([][]byte{greeting(),
			amqp(0, &frame.Attach{Name: "r", Handle: 0, Role: frame.RoleReceiver, Source: &frame.Source{Dynamic: true}, Target: &frame.Target{}}, nil), transfer(0, 0, false, []byte("x"))}, nil), "amqp:session:unattached-handle"},
		{"credit on a link that is not there", append(greeting(), amqp(0, &frame.Flow{Handle: ptr(uint32(7)), LinkCredit: ptr(uint32(math.MaxUint32))}, nil)...), "amqp:session:unattached-handle"},
		{"disposition backwards", append(greeting(), amqp(0, &frame.Disposition{First: 5, Last: ptr(uint32(4))}, nil)...), "amqp:invalid-field"},
		{"delivery id twice", bytes.Join([][]byte{greeting(), sender(0, "$management"), pausing, transfer(0, 0, true, []byte{0}), transfer(0, 9, true, []byte{0})}, nil), "amqp:invalid-field"},
	})
	t.Run("endless credit and windows", func(t *testing.T) { // are no misdeed, and cost nothing
		say := bytes.Join([][]byte{greeting(),
			amqp(0, &frame.Attach{Name: "r", Handle: 0, Role: frame.RoleReceiver, Source: &frame.Source{Dynamic: true}, Target: &frame.Target{}}, nil),
			amqp(0, &frame.Flow{IncomingWindow: math.MaxUint32, OutgoingWindow: math.MaxUint32, Handle: ptr(uint32(0)), LinkCredit: ptr(uint32(math.MaxUint32)), DeliveryCount: ptr(uint32(0))}, nil),
			amqp(0, &frame.Close{}, nil)}, nil)
		if said := says(t, b.plain, say); strings.Contains(said, "amqp:") && strings.Contains(said, "error") {
			t.Errorf("the stranger hears %q", said)
		}
	})
	b.over()
}

// TestOversizedEverything has strangers exceed every bound on what can be said in one go.
func TestOversizedEverything(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	opened := func(o frame.Open) []byte { return append(bytes.Clone(amqpHeader), amqp(0, &o, nil)...) }
	name := strings.Repeat("n", limits.MaxNameLen+1)
	sessions := bytes.Clone(opened(frame.Open{ContainerID: "stranger"}))
	for i := range uint16(limits.MaxSessions + 1) {
		sessions = append(sessions, amqp(i, &frame.Begin{IncomingWindow: 1}, nil)...)
	}
	b.commit([]misdeed{
		{"frame", append(opened(frame.Open{ContainerID: "stranger"}), 0, 1, 0, 0, 2, 0, 0, 0), "amqp:connection:framing-error"},
		{"container id", opened(frame.Open{ContainerID: name}), "amqp:decode-error"},
		{"host name", opened(frame.Open{ContainerID: "stranger", Hostname: name}), "amqp:decode-error"},
		{"capabilities", opened(frame.Open{ContainerID: "stranger", OfferedCapabilities: make([]wire.Symbol, limits.MaxSymbols+1)}), "amqp:decode-error"},
		{"link name", append(greeting(), amqp(0, &frame.Attach{Name: name, Source: &frame.Source{}, Target: &frame.Target{}}, nil)...), "amqp:decode-error"},
		{"address", append(greeting(), sender(0, strings.Repeat("a", limits.MaxAddressLen+1))...), "amqp:decode-error"},
		{"delivery tag", bytes.Join([][]byte{greeting(), sender(0, "$management"), pausing,
			amqp(0, &frame.Transfer{DeliveryID: 0, HasDeliveryID: true, DeliveryTag: make([]byte, limits.MaxDeliveryTag+1)}, []byte("x"))}, nil), "amqp:decode-error"},
		{"sessions", sessions, "amqp:resource-limit-exceeded"},
		{"handle", append(greeting(), sender(math.MaxUint32, "x")...), "amqp:connection:framing-error"},
	})
	t.Run("message", func(t *testing.T) { // 64 MiB for the management node
		say := bytes.Join([][]byte{greeting(), sender(0, "$management"), pausing}, nil)
		part := make([]byte, limits.MaxFrameSize-100)
		for i := range uint32(64 << 20 / len(part)) {
			if i == 0 {
				say = append(say, transfer(0, 0, true, part)...)
				continue
			}
			say = append(say, amqp(0, &frame.Transfer{Handle: 0, More: true}, part)...)
		}
		say = append(say, amqp(0, &frame.Close{}, nil)...)
		before := resident(t, b.a.Process().PID())
		said := says(t, b.plain, say)
		t.Logf("the router's memory has grown by %d MiB; it has said %d octets", (resident(t, b.a.Process().PID())-before)>>20, len(said))
	})
	b.over()
}

// TestDeepNesting has strangers send values within values.
func TestDeepNesting(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	// Lists of one element with an octet for their size each; beyond 255 octets with four.
	lists := func(depth int) []byte {
		body := []byte{0x41}
		for range depth {
			if len(body) < 250 {
				body = append([]byte{0xc0, byte(len(body) + 1), 1}, body...)
				continue
			}
			head := binary.BigEndian.AppendUint32([]byte{0xd0}, uint32(len(body)+4))
			body = append(binary.BigEndian.AppendUint32(head, 1), body...)
		}
		return body
	}
	open := func(depth int) []byte {
		deep := lists(depth)
		properties := binary.BigEndian.AppendUint32([]byte{0xd1}, uint32(4+4+len(deep)))
		properties = append(append(binary.BigEndian.AppendUint32(properties, 2), 0xa3, 2, 'n', 'n'), deep...)
		fields := append([]byte{0xa1, 1, 'x', 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40}, properties...)
		body := append(binary.BigEndian.AppendUint32([]byte{0, 0x53, 0x10, 0xd0}, uint32(len(fields)+4)), 0, 0, 0, 10)
		body = append(body, fields...)
		b := binary.BigEndian.AppendUint32(bytes.Clone(amqpHeader), uint32(8+len(body)))
		return append(append(b, 2, 0, 0, 0), body...)
	}
	b.commit([]misdeed{
		{"properties of a connection", open(limits.MaxDepth + 8), "amqp:decode-error"}, {"properties a thousand levels deep", open(1000), "amqp:decode-error"},
	})
	if said := says(t, b.plain, append(open(limits.MaxDepth-8), amqp(0, &frame.Close{}, nil)...)); strings.Contains(said, "decode-error") {
		t.Errorf("what is not too deep is refused: %q", said)
	}
	for _, depth := range []int{limits.MaxDepth + 8, 1000} {
		t.Run(fmt.Sprintf("body of a request, %d levels", depth), func(t *testing.T) {
			m := message.Message{ReplyTo: "nobody", CorrelationID: uint64(1), AppProps: wire.Map{{Key: "operation", Value: "QUERY"}}}
			req, err := m.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			req = append(append(req, 0, 0x53, 0x77), lists(depth)...)
			say := bytes.Join([][]byte{greeting(), sender(0, "$management"), pausing, transfer(0, 0, false, req[:min(len(req), 16000)]), amqp(0, &frame.Close{}, nil)}, nil)
			says(t, b.plain, say)
		})
	}
	b.over()
}

// TestHandshakeFlood opens connections by the thousand that never say a word, to the listeners of clients and of routers: those that work go on, and a new
// router joins as soon as the flood is over.
func TestHandshakeFlood(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	var held []net.Conn
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	refused := 0
	for i := range 1000 {
		addr := b.inter
		if i%4 == 0 {
			addr = b.plain
		}
		c, err := net.DialTimeout("tcp", addr, patience)
		if err != nil {
			refused++
			continue
		}
		held = append(held, c)
	}
	b.beside.flows(4)
	for _, c := range held {
		_ = c.Close()
	}
	over := time.Now()
	late := b.Add("LATE", routertest.Self(b.Dir()))
	b.Link("LATE", "A")
	late.Start()
	b.AwaitAll()
	t.Logf("of 1000 connections %d were not made; a new router was part of the network %v after the flood", refused, time.Since(over).Round(time.Millisecond))
	b.over()
}
