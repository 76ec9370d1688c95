package conn

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// side is one end of a connection in memory, with what it reported and what it said.
type side struct {
	t      *testing.T
	name   string
	c      *Conn
	in     []byte // sent by the other side, not consumed yet
	evs    []Event
	said   []string // frames, in the notation of traces
	out    int      // octets that it sent
	max    int      // octets of its largest frame
	quiet  bool     // what the other side says is not noted
	accept uint32   // credit for links of the other side: 0 leaves them unanswered
}

// pair is a connection: two sides and a clock.
type pair struct {
	t    *testing.T
	now  time.Time
	a, b *side // a dials
	step int   // octets that move at a time; 0 is all there are
}

func newPair(t *testing.T, a, b Config) *pair {
	t.Helper()
	a.Client = true
	if a.ContainerID == "" {
		a.ContainerID = "A"
	}
	if b.ContainerID == "" {
		b.ContainerID = "B"
	}
	now := time.Unix(1_700_000_000, 0)
	return &pair{
		t: t, now: now,
		a: &side{t: t, name: "a", c: New(a, now), accept: 10}, b: &side{t: t, name: "b", c: New(b, now), accept: 10},
	}
}

// opened is a pair that has opened, without SASL.
func opened(t *testing.T, a, b Config) *pair {
	t.Helper()
	p := newPair(t, a, b)
	p.pump()
	if !p.a.c.IsOpen() || !p.b.c.IsOpen() {
		t.Fatalf("not open: %v, %v", p.a.c.Err(), p.b.c.Err())
	}
	return p
}

// pump moves octets until both sides are quiet.
func (p *pair) pump() {
	p.t.Helper()
	for range 1 << 20 {
		moved := p.a.moveTo(p.b, p.now) + p.b.moveTo(p.a, p.now)
		if p.a.consume(p.now, p.step)+p.b.consume(p.now, p.step)+moved == 0 {
			return
		}
	}
	p.t.Fatal("the two sides never become quiet")
}

func (p *pair) wait(d time.Duration) {
	p.now = p.now.Add(d)
	p.a.evs = p.a.c.Tick(p.now, p.a.evs)
	p.b.evs = p.b.c.Tick(p.now, p.b.evs)
}

func (s *side) moveTo(o *side, now time.Time) int {
	n := 0
	for _, k := range s.c.TakeOutput(now, nil) {
		o.in = append(o.in, k.Bytes()...)
		n += len(k.Bytes())
		s.c.cfg.Chunks.Put(k)
	}
	s.out += n
	return n
}

// consume has the connection read, as a reader does: from a buffer that is used again.
func (s *side) consume(now time.Time, step int) int {
	n := len(s.in)
	if step > 0 {
		n = min(n, step)
	}
	total := 0
	for ; n > 0; n = min(n+max(step, n/2), len(s.in)) { // more octets when those are not a whole frame
		buf := append([]byte(nil), s.in[:n]...)
		used, evs := s.c.Input(now, buf, nil)
		for i := range evs {
			evs[i].Payload = append([]byte(nil), evs[i].Payload...)
		}
		if !s.quiet {
			s.record(buf[:used])
		}
		clear(buf)
		s.in = s.in[used:]
		s.take(evs)
		total += used
		if used > 0 || n == len(s.in) {
			break
		}
	}
	return total
}

// record notes what the other side said.
func (s *side) record(b []byte) {
	for len(b) >= 8 {
		if string(b[:4]) == "AMQP" {
			s.said = append(s.said, fmt.Sprintf("AMQP %d", b[4]))
			b = b[8:]
			continue
		}
		h, err := frame.ParseHeader(b)
		if err != nil || int(h.Size) > len(b) {
			return
		}
		s.max = max(s.max, int(h.Size))
		if p, payload, err := frame.Decode(h.Type, b[h.BodyOffset():h.Size]); err == nil && p != nil {
			text := frame.Text(p)
			if len(payload) > 0 {
				text += fmt.Sprintf(" (%d)", len(payload))
			}
			s.said = append(s.said, text)
		}
		b = b[h.Size:]
	}
}

func (s *side) take(evs []Event) {
	for _, e := range evs {
		if e.Kind == LinkAttached && s.accept > 0 {
			a := e.Link.Peer()
			_ = s.c.Accept(e.Link, a.Source, a.Target, s.accept)
		}
		s.evs = append(s.evs, e)
	}
}

// heard returns and forgets the events of some kinds.
func (s *side) heard(kinds ...Kind) (found []Event) {
	rest := s.evs[:0:0]
	for _, e := range s.evs {
		match := false
		for _, k := range kinds {
			match = match || e.Kind == k
		}
		if match {
			found = append(found, e)
		} else {
			rest = append(rest, e)
		}
	}
	s.evs = rest
	return found
}

// one is the only event of a kind.
func (s *side) one(k Kind) Event {
	s.t.Helper()
	evs := s.heard(k)
	if len(evs) != 1 {
		s.t.Fatalf("%s heard %d events of kind %d: %+v; error %v", s.name, len(evs), k, evs, s.c.Err())
	}
	return evs[0]
}

// octets is the payload of all Octets events.
func (s *side) octets() (b []byte) {
	for _, e := range s.heard(Octets) {
		b = append(b, e.Payload...)
	}
	return b
}

// received are the frames that s got which begin with prefix.
func (s *side) received(prefix string) (found []string) {
	for _, f := range s.said {
		if strings.HasPrefix(f, prefix) {
			found = append(found, f)
		}
	}
	return found
}

// link makes a link on which a sends and which b has accepted, and returns a's end.
func (p *pair) link(name string) *Link {
	p.t.Helper()
	l, err := p.a.c.OpenLink(ClassStreaming, name, frame.RoleSender, &frame.Source{}, &frame.Target{Address: name, HasAddress: true}, 0, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.pump()
	if !p.a.c.CanSend(l) {
		p.t.Fatalf("link %s cannot send: credit %d, %v, %v", name, l.Credit(), p.a.c.Err(), p.b.c.Err())
	}
	p.a.heard(LinkAnswered, LinkCredit)
	p.b.heard(LinkAttached)
	return l
}

// held is how many octets a connection keeps, and an error when the count does not agree with what is there.
func heldOctets(c *Conn) (int, error) {
	n := 0
	for _, k := range c.out {
		n += len(k.Bytes())
	}
	held := 0
	for _, s := range c.local {
		if s == nil {
			continue
		}
		of := 0
		for _, h := range s.held {
			n += len(h.k.Bytes())
			of += len(h.k.Bytes())
			sum := 0
			for _, f := range h.frames {
				sum += f.size
			}
			if sum != len(h.k.Bytes()) {
				return n, fmt.Errorf("a held chunk of %d octets has frames of %d", len(h.k.Bytes()), sum)
			}
		}
		if held += of; of != s.waiting {
			return n, fmt.Errorf("a session holds %d octets, %d are counted", of, s.waiting)
		}
	}
	if held != c.held {
		return n, fmt.Errorf("sessions hold %d octets, %d are counted", held, c.held)
	}
	if n != c.outBytes {
		return n, fmt.Errorf("%d octets are there, %d are counted", n, c.outBytes)
	}
	return n, nil
}

// streamsCounted is an error when a session counts other streams coming in than there are.
func streamsCounted(c *Conn) error {
	for _, s := range c.local {
		if s == nil {
			continue
		}
		windows, plains := 0, 0
		for _, l := range s.links {
			if l == nil || l.cur == nil {
				continue
			}
			switch l.cur.stream {
			case windowed:
				windows++
			case plain:
				plains++
			case whole:
			}
		}
		if windows != s.windowed || plains != s.messages {
			return fmt.Errorf("%d streams with a window and %d without are there, %d and %d are counted", windows, plains, s.windowed, s.messages)
		}
	}
	return nil
}
