package manage

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is the least of a router that a client can talk to: it hands each request to answer and sends back what
// that returns, each item as one message.
type peer struct {
	t         *testing.T
	answer    func(request []byte) [][]byte
	mechanism wire.Symbol // offered, and the only one taken
	frameSize int         // octets of payload in one transfer
	stingy    bool        // requests get no credit
}

// serve listens on loopback until the test ends and returns the address.
func (p peer) serve(tlsConfig *tls.Config) string {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	if tlsConfig != nil {
		l = tls.NewListener(l, tlsConfig)
	}
	if p.mechanism == "" {
		p.mechanism = "ANONYMOUS"
	}
	if p.frameSize == 0 {
		p.frameSize = 8000
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close() // the test is over
				if err := p.talk(c); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
					p.t.Logf("peer: %v", err)
				}
			})
		}
	})
	p.t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

// session is one connection's state.
type session struct {
	peer
	w        io.Writer
	channel  uint16
	replyTo  uint32 // handle that replies go out on
	delivery uint32
	partial  []byte
}

func (p peer) talk(c net.Conn) error {
	s := &session{peer: p, w: c}
	r := bufio.NewReader(c)
	for {
		head := make([]byte, frame.HeaderSize)
		if _, err := io.ReadFull(r, head); err != nil {
			return err
		}
		if string(head[:4]) == "AMQP" {
			if _, err := c.Write(head); err != nil {
				return err
			}
			if head[4] == frame.ProtoSASL[4] {
				if err := s.send(frame.TypeSASL, &frame.SASLMechanisms{Mechanisms: []wire.Symbol{p.mechanism}}, nil); err != nil {
					return err
				}
			}
			continue
		}
		h, err := frame.ParseHeader(head)
		if err != nil {
			return err
		}
		body := make([]byte, int(h.Size)-frame.HeaderSize)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		f, payload, err := frame.Decode(h.Type, body)
		if err != nil {
			return err
		}
		if err := s.handle(f, payload); err != nil {
			return err
		}
	}
}

func (s *session) send(typ uint8, f frame.Performative, payload []byte) error {
	_, err := s.w.Write(frame.AppendFrame(nil, typ, s.channel, f, payload))
	return err
}

func (s *session) handle(f frame.Performative, payload []byte) error {
	zero, window := uint32(0), uint32(1<<20)
	switch f := f.(type) {
	case *frame.SASLInit:
		out := &frame.SASLOutcome{Outcome: frame.SASLOK}
		if f.Mechanism != s.mechanism {
			out.Outcome = frame.SASLAuth
		}
		return s.send(frame.TypeSASL, out, nil)
	case *frame.Open:
		return s.send(frame.TypeAMQP, &frame.Open{ContainerID: "peer", MaxFrameSize: 65536}, nil)
	case *frame.Begin:
		return s.send(frame.TypeAMQP, &frame.Begin{RemoteChannel: &s.channel, IncomingWindow: window, OutgoingWindow: window, HandleMax: 100}, nil)
	case *frame.Attach:
		a := &frame.Attach{Name: f.Name, Handle: f.Handle, Role: !f.Role, Source: f.Source, Target: f.Target}
		if f.Role == frame.RoleReceiver {
			s.replyTo, a.InitialDeliveryCount = f.Handle, &zero
			a.Source = &frame.Source{Address: "amqp:/_topo/0/A/temp.1", HasAddress: true}
			return s.send(frame.TypeAMQP, a, nil)
		}
		if err := s.send(frame.TypeAMQP, a, nil); err != nil {
			return err
		}
		credit := uint32(1000)
		if s.stingy {
			credit = 0
		}
		return s.send(frame.TypeAMQP, &frame.Flow{NextIncomingID: &zero, IncomingWindow: window, OutgoingWindow: window,
			Handle: &f.Handle, DeliveryCount: &zero, LinkCredit: &credit}, nil)
	case *frame.Transfer:
		if s.partial = append(s.partial, payload...); f.More {
			return nil
		}
		whole := s.partial
		s.partial = nil
		if err := s.send(frame.TypeAMQP, &frame.Disposition{Role: frame.RoleReceiver, First: f.DeliveryID, Settled: true, State: &frame.Accepted{}}, nil); err != nil {
			return err
		}
		return s.reply(s.answer(whole))
	case *frame.Close:
		if err := s.send(frame.TypeAMQP, &frame.Close{}, nil); err != nil {
			return err
		}
		return io.EOF
	}
	return nil
}

// reply sends messages, each in as many transfers as it takes.
func (s *session) reply(messages [][]byte) error {
	for _, m := range messages {
		for first := true; first || len(m) > 0; first = false {
			n := min(len(m), s.frameSize)
			t := &frame.Transfer{Handle: s.replyTo, DeliveryID: s.delivery, HasDeliveryID: first, DeliveryTag: []byte{1},
				Settled: true, HasSettled: true, HasMessageFormat: first, More: n < len(m)}
			if err := s.send(frame.TypeAMQP, t, m[:n]); err != nil {
				return err
			}
			m = m[n:]
		}
		s.delivery++
	}
	return nil
}

// dial connects a client to the peer until the test ends.
func (p peer) dial(o Options) *Client {
	p.t.Helper()
	o.URL = "amqp://" + p.serve(nil)
	c, err := Dial(p.t.Context(), o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}
