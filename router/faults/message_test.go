//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

// mailer is a client that sends large messages, or takes them octet by octet as they come, with no more than conn and transport give it.
type mailer struct {
	peer *transport.Peer
	mail []*letter // one link each
	slow time.Duration
	over chan error // one for each letter
}

// letter is one large message: what is in it is made from its number.
type letter struct {
	flow flow
	addr string
	out  *conn.OutDelivery
	// of one that comes
	got  []byte // not yet looked at
	want io.Reader
	at   uint64
}

// dataHead is what comes before the octets of a message that has that many.
func dataHead(n uint64) []byte {
	b := wire.AppendDescriptor(nil, 0x75)
	return binary.BigEndian.AppendUint32(append(b, 0xb0), uint32(n))
}

// mailing dials a router's management address, which takes clients of any kind, and makes a link for each letter.
func mailing(ctx context.Context, t *testing.T, n *routertest.Node, sends bool, slow time.Duration, mail ...*letter) *mailer {
	t.Helper()
	u, err := url.Parse(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(u.Host)
	sock, err := transport.Dial(ctx, transport.Target{Host: host, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	m := &mailer{mail: mail, slow: slow, over: make(chan error, len(mail)+1)}
	m.peer = transport.NewPeer(sock, conn.Config{Client: true, ContainerID: t.Name(), SASL: conn.SASLAnonymous, IdleTimeout: time.Minute, IncomingWindow: 64})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.over <- m.peer.Run(ctx, &mailbox{m, sends})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return m
}

// mailbox is told what becomes of a mailer's letters.
type mailbox struct {
	*mailer
	sends bool
}

// Events takes what comes, slowly: the reader of the connection does nothing else meanwhile.
func (m *mailbox) Events(evs []conn.Event) {
	for _, ev := range evs {
		switch ev.Kind {
		case conn.Opened:
			m.peer.Do(func(c *conn.Conn) {
				for i, l := range m.mail {
					to := &frame.Target{Address: l.addr, HasAddress: true}
					from, role, capacity := &frame.Source{}, frame.RoleSender, uint32(0)
					if !m.sends {
						to, from, role, capacity = &frame.Target{}, &frame.Source{Address: l.addr, HasAddress: true}, frame.RoleReceiver, 1
					}
					if _, err := c.OpenLink(conn.ClassEndpoint, fmt.Sprint(l.addr, i), role, from, to, capacity, l); err != nil {
						m.over <- err
					}
				}
			})
		case conn.LinkCredit:
			if l, ok := ev.User.(*letter); ok && m.sends && l.out == nil {
				m.peer.Do(func(c *conn.Conn) { l.out = c.NewDelivery(ev.Link, false, l) })
				if l.out != nil {
					go m.write(l)
				}
			}
		case conn.Octets:
			if l, ok := ev.Link.User.(*letter); ok {
				m.read(l, &ev)
			}
			time.Sleep(m.slow)
		case conn.Outcome:
			if l, ok := ev.Out.User.(*letter); ok && ev.Settled {
				var err error
				if _, yes := ev.State.(*frame.Accepted); !yes {
					err = fmt.Errorf("message %d ended with %T", l.flow.id, ev.State)
				}
				m.over <- err
			}
		}
	}
}

// write sends a letter as fast as the router lets it.
func (m *mailer) write(l *letter) {
	h := message.Message{To: l.addr, MessageID: l.flow.id}
	b, err := h.Append(nil)
	if err != nil {
		m.over <- err
		return
	}
	m.peer.Send(l.out, append(b, dataHead(l.flow.up)...), true)
	from, part := octets(l.flow.id, l.flow.up, 'm'), make([]byte, 60_000)
	for m.peer.WaitRoom(l.out.Link, func() bool { return false }) {
		n, err := from.Read(part)
		if n > 0 {
			m.peer.Send(l.out, part[:n], true)
		}
		if errors.Is(err, io.EOF) {
			m.peer.End(l.out, false)
			return
		}
	}
}

// read compares what came.
func (m *mailer) read(l *letter, ev *conn.Event) {
	p := ev.Payload
	if l.want == nil {
		l.got = append(l.got, p...)
		i := bytes.Index(l.got, dataHead(l.flow.up))
		if i < 0 {
			p = nil
		} else {
			p = l.got[i+len(dataHead(l.flow.up)):]
			l.want = octets(l.flow.id, l.flow.up, 'm')
		}
	}
	if len(p) > 0 {
		w := make([]byte, len(p))
		if n, _ := io.ReadFull(l.want, w); n < len(p) || !bytes.Equal(p, w) {
			m.over <- fmt.Errorf("%w: message %d, between octets %d and %d of %d", errWrong, l.flow.id, l.at, l.at+uint64(len(p)), l.flow.up)
			m.peer.Do(func(c *conn.Conn) { c.Close(nil) })
			return
		}
		l.at += uint64(len(p))
	}
	if ev.More {
		return
	}
	var err error
	if ev.Aborted || l.at != l.flow.up {
		err = fmt.Errorf("message %d ended after %d octets of %d, aborted: %t", l.flow.id, l.at, l.flow.up, ev.Aborted)
	}
	m.peer.Update(ev.In, &frame.Accepted{}, true)
	m.over <- err
}

// TestSlowReadersOfMessages has receivers that take messages, each far larger than a router of 64 MiB can hold, much more slowly than they are sent. The
// senders have to wait, and no octet is lost; TCP flows by the same ways go on.
func TestSlowReadersOfMessages(t *testing.T) { // alone: it needs the machine to send more than is taken
	const limit = 64 << 20
	m := routertest.New(t)
	small := limited(routertest.Self(m.Dir()), limit)
	a, b := m.Add("A", small), m.Add("B", small)
	m.Link("A", "B")
	m.Start()
	beside := newTraffic(t)
	flows := beside.join(a, b, "beside")
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	const clients, each = 4, 2
	size := uint64(16 << 20)
	if underRace {
		size = 4 << 20
	}
	var all []*mailer
	var number uint64
	begin := time.Now()
	for i := range clients {
		var out, in []*letter
		for range each {
			number++
			addr := fmt.Sprint("mail", number)
			out = append(out, &letter{flow: flow{id: number, up: size}, addr: addr})
			in = append(in, &letter{flow: flow{id: number, up: size}, addr: addr})
		}
		near, far := a, b
		if i%2 == 1 { // both ways, and both at one router
			near = b
		}
		all = append(all, mailing(ctx, t, near, false, 2*time.Millisecond, in...), mailing(ctx, t, far, true, 0, out...))
	}
	beside.start(flows, 2, 500_000, 500_000)
	beside.flows(10)
	beside.report("10 flows beside them took %v", time.Since(begin).Round(time.Millisecond))
	beside.unharmed()
	var wait sync.WaitGroup
	for _, m := range all {
		wait.Go(func() {
			for range each {
				if err := <-m.over; err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, n := range []*routertest.Node{a, b} {
		most := resident(t, n.Process().PID())
		t.Logf("router %s has had at most %d MiB", n.ID, most>>20)
		if most > limit && !underRace {
			t.Errorf("router %s has had %d MiB, want at most %d", n.ID, most>>20, limit>>20)
		}
	}
	t.Logf("%d messages of %d MiB were taken in %v", clients*each, size>>20, time.Since(begin).Round(time.Millisecond))
}
