//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

// stranger is a client that reads all it is told, and remembers the last of it.
type stranger struct {
	net.Conn
	heard chan struct{}
	over  chan struct{}

	mu         sync.Mutex
	last       []byte // of what the router has said
	rest       []byte // of a frame that is not whole
	deliveries int    // that have come
}

// meet connects to a router, says some octets and goes on when nothing has been answered for a moment.
func meet(t *testing.T, addr string, octets ...[]byte) *stranger {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{Conn: c, heard: make(chan struct{}, 1), over: make(chan struct{})}
	go s.read()
	t.Cleanup(func() {
		_ = c.Close()
		<-s.over
	})
	if s.say(octets...) {
		s.quiet()
	}
	return s
}

func (s *stranger) read() {
	defer close(s.over)
	b := make([]byte, 64<<10)
	for {
		n, err := s.Read(b)
		s.mu.Lock()
		s.count(b[:n])
		if s.last = append(s.last, b[:n]...); len(s.last) > 10_000 {
			s.last = append(s.last[:0], s.last[len(s.last)-10_000:]...)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
		select {
		case s.heard <- struct{}{}:
		default:
		}
	}
}

// count counts deliveries. s.mu is held.
func (s *stranger) count(b []byte) {
	s.rest = append(s.rest, b...)
	for len(s.rest) >= frame.HeaderSize {
		n := int(binary.BigEndian.Uint32(s.rest))
		if bytes.HasPrefix(s.rest, []byte("AMQP")) {
			n = frame.HeaderSize
		}
		if n < frame.HeaderSize || len(s.rest) < n {
			break
		}
		if len(s.rest) > 10 && s.rest[10] == frame.CodeTransfer && n > frame.HeaderSize {
			s.deliveries++
		}
		s.rest = s.rest[n:]
	}
	s.rest = append([]byte(nil), s.rest...)
}

// say reports false once the router does not listen any more.
func (s *stranger) say(octets ...[]byte) bool {
	_, err := s.Write(bytes.Join(octets, nil))
	return err == nil
}

// listens reports that the router has not ended the connection.
func (s *stranger) listens() bool {
	select {
	case <-s.over:
		return false
	default:
		return true
	}
}

// quiet waits until nothing was answered for a moment.
func (s *stranger) quiet() {
	for {
		select {
		case <-s.heard:
		case <-s.over:
			return
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}

// awaits waits until so many deliveries have come, and fails the test if more have.
func (s *stranger) awaits(t *testing.T, want int) {
	t.Helper()
	routertest.Eventually(t, patience, func(context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.deliveries != want {
			return fmt.Errorf("%d deliveries have come, want %d", s.deliveries, want)
		}
		return nil
	})
}

// has reports whether the router has said that, lately.
func (s *stranger) has(what []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.last, what)
}

// granted reports that the router has answered an attach, lately, and given credit: the flow comes right behind it, others may come at any time.
func (s *stranger) granted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, after, found := bytes.Cut(s.last, []byte{0, 0x53, 0x12})
	return found && bytes.Contains(after, []byte{0, 0x53, 0x13})
}

// sends attaches a link to send on, and waits for credit.
func (s *stranger) sends(t *testing.T, address string) {
	t.Helper()
	s.mu.Lock()
	s.last = s.last[:0]
	s.mu.Unlock()
	s.say(sender(0, address))
	for !s.granted() {
		select {
		case <-s.heard:
		case <-s.over:
			return
		case <-time.After(patience):
			t.Fatal("there is no credit")
		}
	}
}

// ends waits until the router has ended the connection, and wants that condition to be why.
func (s *stranger) ends(t *testing.T, b *besieged, want string) {
	t.Helper()
	select {
	case <-s.over:
	case <-time.After(patience):
		t.Fatal("the router does not end the connection")
	}
	if !s.has([]byte(want)) {
		t.Errorf("the stranger does not hear %s in the end", want)
	}
	routertest.Eventually(t, patience, func(context.Context) error {
		if !strings.Contains(b.a.Log(), want) {
			return fmt.Errorf("the log has no line about %s", want)
		}
		return nil
	})
}

// opening takes a connection as far as a session with an endless window.
func opening() []byte {
	return bytes.Join([][]byte{amqpHeader, amqp(0, &frame.Open{ContainerID: "stranger"}, nil), amqp(0, &frame.Begin{IncomingWindow: math.MaxInt32, OutgoingWindow: math.MaxInt32, HandleMax: math.MaxUint32}, nil)}, nil)
}

// receiver attaches a link on which the stranger takes what it has granted credit for.
func receiver(handle uint32, address string, credit uint32) []byte {
	b := amqp(0, &frame.Attach{Name: fmt.Sprint("r", handle), Handle: handle, Role: frame.RoleReceiver, Source: &frame.Source{Address: address, HasAddress: true}, Target: &frame.Target{}}, nil)
	if credit > 0 {
		b = append(b, amqp(0, &frame.Flow{IncomingWindow: math.MaxInt32, NextIncomingID: ptr(uint32(0)), OutgoingWindow: math.MaxInt32, Handle: &handle, LinkCredit: &credit, DeliveryCount: ptr(uint32(0))}, nil)...)
	}
	return b
}

func detach(handle uint32) []byte { return amqp(0, &frame.Detach{Handle: handle, Closed: true}, nil) }

// small is a message of a null.
var small = []byte{0, 0x53, 0x77, 0x40}

// lostNeighbour is a line of A about B.
var lostNeighbour = regexp.MustCompile(`(?m)^.*:"B".*neighbour lost.*$`)

// siege, which no other test runs beside, has a client do what it likes, and then wants that nobody has noticed: no flow beside it was broken off, no router lost, and the router has not taken
// more than that much memory.
func siege(t *testing.T, most int64, do func(b *besieged)) {
	t.Helper()
	b := besiege(t)
	before := resident(t, b.a.Process().PID())
	do(b)
	grown := (resident(t, b.a.Process().PID()) - before) >> 20
	t.Logf("the router's memory has grown by %d MiB", grown)
	if grown > most && !underRace {
		t.Errorf("the router's memory has grown by %d MiB, want at most %d", grown, most)
	}
	if lostNeighbour.MatchString(b.a.Log()) && !underRace { // that makes everything so slow that this happens without a siege
		t.Error("the neighbour was lost")
	}
	b.over()
}

// TestStormOfLinks has a client attach and detach, and begin and end, as fast as it can.
func TestStormOfLinks(t *testing.T) {
	siege(t, 64, func(b *besieged) {
		storm := func(say func(i int) []byte, start ...[]byte) {
			s := meet(t, b.plain, start...)
			var all []byte
			for i := range 1000 {
				all = append(all, say(i)...)
			}
			n := 0
			for began := time.Now(); time.Since(began) < 2*time.Second && s.say(all); n++ {
			}
			t.Logf("%d thousand", n)
			_ = s.Close()
		}
		storm(func(i int) []byte { return append(receiver(0, fmt.Sprint("a", i), 0), detach(0)...) }, opening())
		storm(func(int) []byte {
			return append(amqp(0, &frame.Begin{IncomingWindow: 1}, nil), amqp(0, &frame.End{}, nil)...)
		},
			amqpHeader, amqp(0, &frame.Open{ContainerID: "stranger"}, nil))
	})
}

// TestLargeAttaches has a client attach more than the router may be made to keep.
func TestLargeAttaches(t *testing.T) {
	siege(t, 150, func(b *besieged) {
		s := meet(t, b.plain, opening())
		large := wire.Map{{Key: wire.Symbol("x"), Value: strings.Repeat("p", 10_000)}}
		for i := range uint32(20_000) {
			name := fmt.Sprintf("%d-%s", i, strings.Repeat("a", 4000))
			if !s.say(amqp(0, &frame.Attach{Name: fmt.Sprint("r", i), Handle: i, Role: frame.RoleReceiver, Source: &frame.Source{Address: name, HasAddress: true}, Target: &frame.Target{}, Properties: large}, nil)) {
				break
			}
		}
		s.ends(t, b, "amqp:resource-limit-exceeded")
	})
}

// TestReceiversThatTakeNothing has a client receive on very many links, take nothing, and send to all of them.
func TestReceiversThatTakeNothing(t *testing.T) {
	siege(t, 150, func(b *besieged) {
		s := meet(t, b.plain, opening())
		const addresses = 25
		for i := range uint32(addresses * 200) {
			if !s.say(receiver(i, fmt.Sprint("mc/sfe.", i%addresses), 0)) {
				t.Fatal("the router has ended the connection")
			}
		}
		s.quiet()
		for k := range addresses {
			w := meet(t, b.plain, opening())
			w.sends(t, fmt.Sprint("mc/sfe.", k))
			for i := range uint32(250) {
				w.say(amqp(0, &frame.Transfer{DeliveryID: i, HasDeliveryID: true, DeliveryTag: []byte{1}, Settled: true, HasSettled: true}, append(bytes.Clone(small[:3]), 0xa1, 2, 'x', 'y')))
			}
		}
		routertest.Eventually(t, patience, func(context.Context) error {
			if !strings.Contains(b.a.Log(), "their receiver does not take them") {
				return fmt.Errorf("the log has no line about messages that were given up")
			}
			return nil
		})
	})
}

// TestReceiverThatSettlesNothing has a client take messages for ever and settle none, from others who come and go: it is sent no more. Once it settles what it
// has, the rest comes.
func TestReceiverThatSettlesNothing(t *testing.T) {
	siege(t, 150, func(b *besieged) {
		s := meet(t, b.plain, opening(), receiver(0, "hole", math.MaxInt32))
		w := meet(t, b.plain, opening())
		id := uint32(0)
		for id < 2*limits.MaxUnsettled {
			all := [][]byte{}
			for range limits.LinkCapacity {
				all = append(all, transfer(0, id, false, small))
				id++
			}
			w.sends(t, "hole")
			w.say(append(all, detach(0))...)
		}
		s.awaits(t, limits.MaxUnsettled)
		s.quiet()
		s.awaits(t, limits.MaxUnsettled)
		routertest.Eventually(t, patience, func(context.Context) error {
			if !strings.Contains(b.a.Log(), "too many that were sent are not settled") {
				return errors.New("the log has no line about it")
			}
			return nil
		})
		s.say(amqp(0, &frame.Disposition{Role: frame.RoleReceiver, First: 0, Last: ptr(uint32(limits.MaxUnsettled - 1)), Settled: true, State: &frame.Accepted{}}, nil))
		s.awaits(t, limits.MaxUnsettled+limits.MaxQueued)
	})
}

// TestDispositionsOfAll has a client that has many deliveries say something of all of them, again and again.
func TestDispositionsOfAll(t *testing.T) {
	siege(t, 150, func(b *besieged) {
		s := meet(t, b.plain, opening(), receiver(0, "hole", math.MaxInt32))
		const links = 8
		for range links {
			w := meet(t, b.plain, opening())
			w.sends(t, "hole")
			for i := range uint32(limits.LinkCapacity) {
				w.say(transfer(0, i, false, small))
			}
		}
		s.quiet()
		all := amqp(0, &frame.Disposition{Role: frame.RoleReceiver, First: math.MaxUint32 - 100, Last: ptr(uint32(math.MaxInt32 - 102)), State: &frame.Received{}}, nil)
		for range 1000 {
			if !s.say(all) {
				t.Fatal("the router has ended the connection")
			}
		}
		s.say(amqp(0, &frame.Close{}, nil))
		select {
		case <-s.over:
		case <-time.After(patience):
			t.Error("the router does not come to the end of it")
		}
	})
}

// TestHandshakeFloodGoesOn has one host connect again and again, to the listener for routers, and say nothing: a new router joins in the middle of that.
func TestHandshakeFloodGoesOn(t *testing.T) {
	siege(t, 100, func(b *besieged) {
		stop, made := make(chan struct{}), make(chan int, 1)
		go func() {
			var held []net.Conn
			n := 0
			defer func() {
				for _, c := range held {
					_ = c.Close()
				}
				made <- n
			}()
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}, Timeout: time.Second}
			for {
				select {
				case <-stop:
					return
				case <-time.After(500 * time.Microsecond):
				}
				c, err := d.DialContext(t.Context(), "tcp", b.inter)
				if err != nil {
					continue
				}
				n++
				if held = append(held, c); len(held) > 2000 {
					_ = held[0].Close()
					held = held[1:]
				}
			}
		}()
		time.Sleep(time.Second)
		late := b.Add("LATE", routertest.Self(b.Dir()))
		b.Link("LATE", "A")
		late.Start()
		began := time.Now()
		b.AwaitAll()
		close(stop)
		t.Logf("a new router was part of the network after %v, beside %d connections that say nothing", time.Since(began).Round(time.Millisecond), <-made)
	})
}
