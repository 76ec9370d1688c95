package router_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

// strict is a client that asks as much as it may at once, and that closes the connection as soon as the router does what it must not, such as to send
// without credit.
type strict struct {
	peer     *transport.Peer
	capacity uint32 // credit for answers
	total    int

	replyTo  string
	requests *conn.Link
	asked    int
	heard    map[int64]bool
	partial  []byte
	err      error
}

func (s *strict) Events(evs []conn.Event) {
	for _, ev := range evs {
		switch ev.Kind {
		case conn.Opened:
			s.peer.Do(func(c *conn.Conn) {
				if _, s.err = c.OpenLink(conn.ClassEndpoint, "answers", frame.RoleReceiver, &frame.Source{Dynamic: true}, &frame.Target{}, s.capacity, nil); s.err == nil {
					s.requests, s.err = c.OpenLink(conn.ClassEndpoint, "requests", frame.RoleSender, &frame.Source{}, &frame.Target{Address: "$management", HasAddress: true}, 0, nil)
				}
			})
		case conn.LinkAnswered:
			if !ev.Link.Sender() {
				s.replyTo = ev.Link.Peer().Source.Address
			}
		case conn.Octets:
			if s.partial = append(s.partial, ev.Payload...); !ev.More {
				s.answer()
			}
		}
	}
	s.ask()
}

// ask sends what there is credit for.
func (s *strict) ask() {
	s.peer.Do(func(c *conn.Conn) {
		for s.replyTo != "" && s.requests != nil && s.asked < s.total && c.CanSend(s.requests) {
			m := message.Message{ReplyTo: s.replyTo, CorrelationID: uint64(s.asked), HasBody: true, Body: wire.Map{},
				AppProps: wire.Map{{Key: "operation", Value: "QUERY"}, {Key: "entityType", Value: config.Prefix + "tcpConnector"}}}
			b, err := m.Append(nil)
			if err != nil {
				s.err = err
				return
			}
			s.asked++
			c.Send(c.NewDelivery(s.requests, false, nil), b, false)
		}
	})
}

func (s *strict) answer() {
	m, err := message.Parse(s.partial)
	s.partial = nil
	id, _ := m.CorrelationID.(uint64)
	code, _ := m.AppProps.Get("statusCode")
	switch {
	case err != nil:
		s.err = err
	case code != int32(200) || s.heard[int64(id)]:
		s.err = fmt.Errorf("answer %d: code %v, or a second one", id, code)
	}
	if s.heard[int64(id)] = true; len(s.heard) == s.total || s.err != nil {
		s.peer.Do(func(c *conn.Conn) { c.Close(nil) })
	}
}

// TestAnswersWithinCredit has many clients ask for much at once and give little credit for answers of many frames: every question has its answer, and no
// answer comes without credit.
func TestAnswersWithinCredit(t *testing.T) {
	m := routertest.New(t)
	n := m.Add("A", routertest.Engine{})
	for i := range 300 {
		n.Config.TCPConnectors = append(n.Config.TCPConnectors, config.TCPConnector{Name: fmt.Sprintf("k%03d", i), Host: "127.0.0.1", Port: "1", Address: strings.Repeat("x", 40)})
	}
	m.Start()
	u, err := url.Parse(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(u.Host)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			sock, err := transport.Dial(ctx, transport.Target{Host: host, Port: port})
			if err != nil {
				t.Error(err)
				return
			}
			s := &strict{capacity: uint32(1 + i%4), total: 40, heard: map[int64]bool{}}
			s.peer = transport.NewPeer(sock, conn.Config{Client: true, ContainerID: fmt.Sprint("client", i), SASL: conn.SASLAnonymous, MaxFrameSize: uint32(512 << (i % 3)),
				IncomingWindow: uint32(4 << i), IdleTimeout: time.Minute})
			if err := s.peer.Run(ctx, s); err != nil || s.err != nil || len(s.heard) != s.total {
				t.Errorf("client %d with credit for %d: %v, %v; %d of %d answers", i, s.capacity, err, s.err, len(s.heard), s.total)
			}
		})
	}
	all.Wait()
}
