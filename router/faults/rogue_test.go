//go:build linux

package faults

import (
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

// rogue is a peer with a valid certificate that speaks the routing protocol as it likes, over one control link.
type rogue struct {
	t      *testing.T
	id     string
	peer   *transport.Peer
	out    *conn.Link
	ready  chan struct{} // there may be credit
	over   chan struct{}
	err    error // once over is closed
	seen   []any
	hellos context.CancelFunc
}

// rogue joins A as a router, and says HELLO until the test ends.
func (b *besieged) rogue(id string, seen ...string) *rogue {
	b.t.Helper()
	host, port, _ := net.SplitHostPort(b.inter)
	profile := b.Issue(id)
	files := transport.Profile{Name: id, CAFile: profile.CACertFile, CertFile: profile.CertFile, KeyFile: profile.PrivateKeyFile}
	cfg, err := files.Client(host, true)
	if err != nil {
		b.t.Fatal(err)
	}
	sock, err := transport.Dial(b.t.Context(), transport.Target{Host: host, Port: port, TLS: cfg})
	if err != nil {
		b.t.Fatal(err)
	}
	r := &rogue{t: b.t, id: id, ready: make(chan struct{}, 1), over: make(chan struct{})}
	for _, s := range append(seen, "A") {
		r.seen = append(r.seen, s)
	}
	r.peer = transport.NewPeer(sock, conn.Config{Client: true, ContainerID: id, SASL: conn.SASLExternal, IdleTimeout: time.Minute})
	ctx, cancel := context.WithCancel(b.t.Context())
	go func() {
		defer close(r.over)
		r.err = r.peer.Run(ctx, r)
	}()
	hellos, stop := context.WithCancel(ctx)
	r.hellos = stop
	told := make(chan struct{})
	go func() {
		defer close(told)
		for hellos.Err() == nil {
			r.hello(id)
			pause(hellos, 500*time.Millisecond)
		}
	}()
	b.t.Cleanup(func() {
		cancel()
		<-r.over
		<-told
	})
	return r
}

// leave ends the connection.
func (r *rogue) leave() {
	r.hellos()
	_ = r.peer.Socket().Close()
	<-r.over
}

// Events opens the control links, and notes credit.
func (r *rogue) Events(evs []conn.Event) {
	for _, ev := range evs {
		switch ev.Kind {
		case conn.Opened:
			caps := []wire.Symbol{"qd.router"}
			r.peer.Do(func(c *conn.Conn) {
				for _, role := range []frame.Role{frame.RoleReceiver, frame.RoleSender} {
					capacity := uint32(0)
					if role == frame.RoleReceiver {
						capacity = 250
					}
					l, err := c.OpenLink(conn.ClassControl, fmt.Sprint("qdlink.", r.id, role), role, &frame.Source{Capabilities: caps}, &frame.Target{Capabilities: caps}, capacity, nil)
					if err != nil {
						r.t.Error(err)
					}
					if l.Sender() {
						r.out = l
					}
				}
			})
		case conn.LinkCredit:
			select {
			case r.ready <- struct{}{}:
			default:
			}
		case conn.Octets:
			if !ev.More && !ev.Settled {
				r.peer.Update(ev.In, &frame.Accepted{}, true)
			}
		}
	}
}

// says sends a control message, as soon as A takes one. It reports false once A does not listen any more.
func (r *rogue) says(from, op, to string, fields ...wire.Pair) bool {
	return r.send(control(r.t, from, op, to, fields...))
}

// control is a control message.
func control(t *testing.T, from, op, to string, fields ...wire.Pair) []byte {
	version := int64(1)
	if op == "MAR" || op == "MAU" {
		version = 2
	}
	body := append(wire.Map{{Key: "id", Value: from}, {Key: "pv", Value: version}, {Key: "area", Value: "0"}}, fields...)
	m := message.Message{HasHeader: true, To: to, AppProps: wire.Map{{Key: "opcode", Value: op}}, HasBody: true, Body: body}
	ann := message.Annotations{Ingress: "0/" + from, HasIngress: true, Trace: []string{"0/" + from}}
	b, err := m.Append(ann.Append(nil))
	if err != nil {
		t.Error(err)
	}
	return b
}

func (r *rogue) send(b []byte) bool {
	for {
		sent := false
		r.peer.Do(func(c *conn.Conn) {
			if r.out != nil && !c.Congested(r.out) {
				if d := c.NewDelivery(r.out, true, nil); d != nil {
					c.Send(d, b, false)
					sent = true
				}
			}
		})
		if sent {
			return true
		}
		select {
		case <-r.ready:
		case <-time.After(10 * time.Millisecond):
		case <-r.over:
			return false
		}
	}
}

func (r *rogue) hello(id string) bool {
	return r.says(id, "HELLO", "amqp:/_local/qdhello", wire.Pair{Key: "instance", Value: int64(77)}, wire.Pair{Key: "seen", Value: r.seen})
}

// ra advertises numbers of some router, lsu tells its links.
func (r *rogue) ra(id string, links, addresses int64) bool {
	return r.says(id, "RA", "amqp:/_topo/0/all/qdrouter", wire.Pair{Key: "instance", Value: int64(77)}, wire.Pair{Key: "ls_seq", Value: links}, wire.Pair{Key: "mobile_seq", Value: addresses})
}

func (r *rogue) lsu(id string, seq int64, peers ...string) bool {
	var m wire.Map
	for _, p := range peers {
		m = append(m, wire.Pair{Key: p, Value: int64(1)})
	}
	ls := wire.Map{{Key: "id", Value: id}, {Key: "area", Value: "0"}, {Key: "ls_seq", Value: seq}, {Key: "peers", Value: m}}
	return r.says(id, "LSU", "amqp:/_topo/0/A/qdrouter", wire.Pair{Key: "instance", Value: int64(77)}, wire.Pair{Key: "ls_seq", Value: seq}, wire.Pair{Key: "ls", Value: ls})
}

// mau tells of addresses: all there are.
func (r *rogue) mau(id string, seq int64, keys ...string) bool {
	list := make([]any, len(keys))
	for i, k := range keys {
		list[i] = []any{k, int64(3), int64(0)}
	}
	return r.says(id, "MAU", "amqp:/_topo/0/A/qdrouter.ma", wire.Pair{Key: "mobile_seq", Value: seq}, wire.Pair{Key: "exist", Value: list})
}

// knows waits until A knows a router.
func (b *besieged) knows(id string) {
	b.t.Helper()
	routertest.Eventually(b.t, patience, func(ctx context.Context) error {
		ids, err := b.a.Reachable(ctx)
		if err == nil && !strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ") {
			err = fmt.Errorf("A reaches %d routers, not %s", len(ids), id)
		}
		return err
	})
}

// joins has a router join beside the rogue, which must be part of the network soon, and its flows.
func (b *besieged) joins(to string) {
	b.t.Helper()
	late := b.Add("LATE", routertest.Self(b.Dir()))
	b.Link("LATE", to)
	began := time.Now()
	late.Start()
	for _, n := range []string{"A", "B"} {
		routertest.Eventually(b.t, patience, func(ctx context.Context) error {
			ids, err := b.Node(n).Reachable(ctx)
			if err == nil && !strings.Contains(" "+strings.Join(ids, " ")+" ", " LATE ") {
				err = fmt.Errorf("%s does not know the new router, of %d", n, len(ids))
			}
			return err
		})
	}
	b.t.Logf("a new router was part of the network after %v", time.Since(began).Round(time.Millisecond))
}

// TestRogueInventsRouters has a router tell of more routers than there may be: such as only it lists, such as that speak for themselves, and such as say HELLO.
func TestRogueInventsRouters(t *testing.T) {
	for name, invent := range map[string]func(r *rogue, ids []string){
		"listed": func(r *rogue, ids []string) { r.lsu(r.id, 5, append(ids, "A")...) },
		"with links": func(r *rogue, ids []string) {
			r.lsu(r.id, 5, append(ids, "A")...)
			for i := range ids {
				r.ra(ids[i], 3, 0)
				r.lsu(ids[i], 3, r.id, ids[(i+1)%len(ids)])
			}
		},
		"neighbours": func(r *rogue, ids []string) {
			for _, id := range ids {
				r.hello(id)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			siege(t, 64, func(b *besieged) {
				r := b.rogue("ROGUE")
				b.knows("ROGUE")
				var ids []string
				for i := range 127 {
					ids = append(ids, fmt.Sprintf("AA%03d", i))
				}
				for range 3 {
					invent(r, ids)
					time.Sleep(200 * time.Millisecond)
				}
				b.joins("B")
				invent(r, ids)
				time.Sleep(time.Second)
				b.joins2()
				r.leave()
			})
		})
	}
}

// joins2 has another router join at A.
func (b *besieged) joins2() {
	b.t.Helper()
	late := b.Add("LATER", routertest.Self(b.Dir()))
	b.Link("LATER", "A")
	late.Start()
	for _, n := range []string{"A", "B", "LATE"} {
		routertest.Eventually(b.t, patience, func(ctx context.Context) error {
			ids, err := b.Node(n).Reachable(ctx)
			if err == nil && !strings.Contains(" "+strings.Join(ids, " ")+" ", " LATER ") {
				err = fmt.Errorf("%s does not know the new router, of %d", n, len(ids))
			}
			return err
		})
	}
}

// TestRogueInventsAddresses has routers tell of more addresses than there may be, as fast as they are listened to, and leave.
func TestRogueInventsAddresses(t *testing.T) {
	siege(t, 400, func(b *besieged) {
		pid := b.a.Process().PID()
		before := residentNow(t, pid)
		var rogues []*rogue
		told := 0
		for k := range 5 {
			r := b.rogue(fmt.Sprint("ROGUE", k))
			b.knows(r.id)
			r.lsu(r.id, 5, "A")
			rogues = append(rogues, r)
			for seq := range int64(9) { // the last ones are too many: of one router, and then of all
				keys := make([]any, 8000)
				for i := range keys {
					keys[i] = []any{fmt.Sprintf("Mrogue-%d-%d-%d", k, seq, i), int64(3), int64(0)}
				}
				r.says(r.id, "MAU", "amqp:/_topo/0/A/qdrouter.ma", wire.Pair{Key: "mobile_seq", Value: seq + 1}, wire.Pair{Key: "add", Value: keys}, wire.Pair{Key: "del", Value: []any{}})
				told += len(keys)
			}
			r.mau(r.id, math.MaxInt64, "Mlast")
		}
		b.beside.flows(4)
		routertest.Eventually(t, patience, func(context.Context) error {
			if !strings.Contains(b.a.Log(), "are more than") {
				return fmt.Errorf("the log has no line about addresses beyond the bound")
			}
			return nil
		})
		most := residentNow(t, pid)
		for _, r := range rogues {
			r.leave()
		}
		b.settles(pid, before, 60)
		t.Logf("%d addresses were told; of %d MiB before the router had %d, and %d in the end", told, before>>20, most>>20, residentNow(t, pid)>>20)
	})
}

// TestRogueFlaps has a router change its links, and what it advertises, as fast as it is listened to.
func TestRogueFlaps(t *testing.T) {
	siege(t, 64, func(b *besieged) {
		r := b.rogue("ROGUE")
		b.knows("ROGUE")
		n := int64(5)
		for began := time.Now(); time.Since(began) < 5*time.Second; n++ {
			peers := []string{"A"}
			if n%2 == 0 {
				peers = append(peers, "B", "X", "Y")
			}
			if !r.lsu("ROGUE", n, peers...) || !r.ra("ROGUE", n, n) {
				t.Fatal("the router has ended the connection")
			}
		}
		t.Logf("%d changes", n)
		r.leave()
	})
}

// TestRogueAdvertises has a router send advertisements of many routers as fast as it is listened to: the network does not have to carry them all.
func TestRogueAdvertises(t *testing.T) {
	siege(t, 64, func(b *besieged) {
		r := b.rogue("ROGUE")
		b.knows("ROGUE")
		n := int64(5)
		for began := time.Now(); time.Since(began) < 5*time.Second; n++ {
			if !r.ra(fmt.Sprint("X", n%500), n, n) {
				t.Fatal("the router has ended the connection")
			}
		}
		t.Logf("%d advertisements", n)
		r.leave()
	})
}

// TestRogueClaims has a router speak in the name of another: as a neighbour, of its links, and of its addresses, with absurd numbers.
func TestRogueClaims(t *testing.T) {
	siege(t, 64, func(b *besieged) {
		r := b.rogue("ROGUE")
		b.knows("ROGUE")
		for range 20 {
			r.hello("B")
			r.ra("B", math.MaxInt64, math.MaxInt64)
			r.lsu("B", math.MaxInt64, "ROGUE")
			r.mau("B", math.MaxInt64, "Mx")
			r.hello("A")
			r.ra("A", math.MaxInt64, math.MaxInt64)
			time.Sleep(200 * time.Millisecond)
		}
		r.leave()
	})
}
