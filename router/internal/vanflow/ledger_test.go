package vanflow

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// meter is what a flow has counted.
type meter struct {
	in, out           uint64
	firstIn, firstOut time.Time
}

func (m *meter) Octets() (in, out uint64)   { return m.in, m.out }
func (m *meter) First() (in, out time.Time) { return m.firstIn, m.firstOut }

// book steps a ledger through time.
type book struct {
	t   *testing.T
	l   *Ledger
	now time.Time
}

func newBook(t *testing.T, source string) *book {
	n := 0
	return &book{t, NewLedger(source+":0", func() string { n++; return fmt.Sprintf("%s:%d", source, n) }), time.UnixMicro(1_000_000_000)}
}

func (b *book) accept(m *meter) *Flow {
	return b.l.Accept(b.now, "abcde:9", &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 4000}, m)
}

// steps lets time go by, a fifth of a second a step, and tells what was said, with the first part of where to, and gives other halves to another ledger.
func (b *book) steps(n int, other *book) string {
	b.t.Helper()
	var out []string
	for range n {
		for _, m := range b.l.Step(b.now) {
			msg, err := message.Parse(m.Body)
			if err != nil || msg.To != m.To || msg.Subject != SubjectRecord {
				b.t.Fatalf("message to %s: %v %v", m.To, msg.Subject, err)
			}
			if other != nil && m.To == other.l.HalfAddress() {
				other.l.Hear(m.Body)
			}
			list, _ := msg.Body.([]any)
			for _, item := range list {
				r, _ := item.(wire.Map)
				var as []string
				for _, p := range r[1:] {
					as = append(as, fmt.Sprintf("%v=%v", p.Key, p.Value))
				}
				to, _, _ := strings.Cut(m.To, ".")
				out = append(out, fmt.Sprintf("%s:%v{%s}", to, r[0].Value, strings.Join(as, ",")))
			}
		}
		b.now = b.now.Add(200 * time.Millisecond)
	}
	return strings.Join(out, " ")
}

func (b *book) want(n int, other *book, want string) {
	b.t.Helper()
	if got := b.steps(n, other); got != want {
		b.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFlow goes through a router "abcde" to one "fghij", both of which tell what they know.
func TestFlow(t *testing.T) {
	a, b := newBook(t, "abcde"), newBook(t, "fghij")
	a.l.Wanted(true)
	in, out := &meter{}, &meter{}
	f := a.accept(in)
	h := b.l.Offer(f.ID(), []string{"0/A", "0/B"}, "fghij:7", out)
	h.Connected(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 5000})
	a.want(5, nil, "mc/sfe:16{1=abcde:1,2=abcde:9,3=1000000000,14=10.0.0.1,17=4000,23=0,58=0}")
	b.want(5, a, "vfcr:16{1=abcde:1,31=0/A|0/B,60=fghij:7,62=10.0.0.2,63=5000}")
	in.in, in.firstIn, in.out, in.firstOut = 10, a.now, 20, a.now.Add(3*time.Millisecond)
	out.firstOut, out.firstIn = b.now, b.now.Add(2*time.Millisecond)
	a.want(5, nil, "mc/sfe:16{1=abcde:1,23=10,24=3000,31=0/A|0/B,58=20,60=fghij:7,62=10.0.0.2,63=5000}")
	b.want(5, a, "vfcr:16{1=abcde:1,61=2000}")
	a.want(5, nil, "mc/sfe:16{1=abcde:1,61=2000}")
	a.want(20, nil, "") // it says nothing new
	in.in = 11
	a.want(5, nil, "mc/sfe:16{1=abcde:1,23=11}")
	in.in = 12
	f.Ended(a.now, nil)
	f.Ended(a.now, errors.New("too late"))
	h.Ended(b.now, errors.New("reset"))
	a.want(20, nil, "") // the other half may still come
	b.want(1, a, "vfcr:16{1=abcde:1,65=delivery-failed (reset)}")
	a.want(10, nil, "mc/sfe:16{1=abcde:1,4=1008000000,23=12,65=delivery-failed (reset)}")
	if len(a.l.own) != 0 || b.l.halves != 0 || len(b.l.asked) != 0 {
		t.Errorf("left: %d, %d, %d", len(a.l.own), b.l.halves, len(b.l.asked))
	}
}

// TestShortFlow is over before anything was said of it: one record says it all.
func TestShortFlow(t *testing.T) {
	a := newBook(t, "abcde")
	a.l.Wanted(true)
	f := a.accept(&meter{in: 1, out: 2})
	h := a.l.Offer(f.ID(), nil, "abcde:3", &meter{}) // by a connector of the same router
	h.Connected(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 5000})
	h.Ended(a.now, nil)
	f.Ended(a.now, errors.New("cut"))
	a.want(30, nil, "mc/sfe:16{1=abcde:1,2=abcde:9,3=1000000000,4=1000000000,14=10.0.0.1,17=4000,23=1,31=Local,58=2,60=abcde:3,62=10.0.0.2,63=5000,64=delivery-failed (cut)}")
}

// TestNobodyListensToFlows: nothing is said nor kept, but the halves that others may want.
func TestNobodyListensToFlows(t *testing.T) {
	a, b := newBook(t, "abcde"), newBook(t, "fghij")
	f := a.accept(&meter{in: 5})
	h := b.l.Offer(f.ID(), []string{"0/A"}, "fghij:7", &meter{})
	b.want(5, a, "vfcr:16{1=abcde:1,31=0/A,60=fghij:7}")
	a.want(30, nil, "")
	a.l.Wanted(true) // who begins to listen hears of what is there
	a.want(5, nil, "mc/sfe:16{1=abcde:1,2=abcde:9,3=1000000000,14=10.0.0.1,17=4000,23=5,31=0/A,58=0,60=fghij:7}")
	a.l.Flush()
	a.want(5, nil, "mc/sfe:16{1=abcde:1,2=abcde:9,3=1000000000,14=10.0.0.1,17=4000,23=5,31=0/A,58=0,60=fghij:7}")
	a.l.Wanted(false)
	f.Ended(a.now, nil)
	h.Ended(b.now, nil)
	a.want(151, nil, "") // the end is kept for a while
	b.want(30, a, "")
	if len(a.l.own) != 0 || b.l.halves != 0 {
		t.Errorf("left: %d, %d", len(a.l.own), b.l.halves)
	}
}

// TestListenerAwayForAMoment: who was told of flows hears of their ends though it was away when they came; nothing is kept of others.
func TestListenerAwayForAMoment(t *testing.T) {
	a := newBook(t, "abcde")
	a.l.Wanted(true)
	f := a.accept(&meter{})
	a.steps(5, nil)
	a.l.Wanted(false)
	f.Ended(a.now, nil)
	a.accept(&meter{}).Ended(a.now, nil)
	a.want(100, nil, "")
	a.l.Wanted(true)
	a.want(5, nil, "mc/sfe:16{1=abcde:1,2=abcde:9,3=1000000000,4=1001000000,14=10.0.0.1,17=4000,23=0,58=0}")
	a.want(30, nil, "")
	if len(a.l.own) != 0 {
		t.Errorf("%d are left", len(a.l.own))
	}
}

// TestFlushesTogether are one: what is asked many times in a row is said once.
func TestFlushesTogether(t *testing.T) {
	a := newBook(t, "abcde")
	a.l.Wanted(true)
	a.accept(&meter{})
	a.steps(5, nil)
	a.l.mu.Lock() // as a step has it, which nobody waits for
	for range 100 {
		a.l.Flush()
		a.l.Wanted(false)
		a.l.Wanted(true)
		a.l.Hear(nil)
	}
	a.l.mu.Unlock()
	a.want(20, nil, "mc/sfe:16{1=abcde:1,2=abcde:9,3=1000000000,14=10.0.0.1,17=4000,23=0,58=0}")
}

// TestInboxIsBounded in octets, however many messages there are.
func TestInboxIsBounded(t *testing.T) {
	a := newBook(t, "abcde")
	a.l.Hear(make([]byte, maxHeard+1))
	if len(a.l.inbox) != 0 {
		t.Error("a message that is too long is kept")
	}
	for range 2 {
		for range 100 {
			a.l.Hear(make([]byte, maxHeard))
		}
		if n := len(a.l.inbox); n != maxInbox/maxHeard {
			t.Errorf("%d messages are kept", n)
		}
		a.steps(1, nil)
	}
	var list []any
	for range MaxRecords + 1 {
		list = append(list, wire.Map{{Key: uint32(0), Value: uint32(16)}, {Key: uint32(1), Value: "abcde:1"}})
	}
	m, err := (&message.Message{To: "vfcr.abcde:0", Subject: "RECORD", Body: list, HasBody: true}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(halvesIn(m)); n != MaxRecords {
		t.Errorf("%d halves are read of one message", n)
	}
}

// TestTextsFromElsewhere have nothing in them that cannot be shown.
func TestTextsFromElsewhere(t *testing.T) {
	for in, want := range map[string]string{"plain": "plain", "a\x00b\x1b[1m\nc": "ab[1mc", "bad\xffend": "badend", "w\u00f6rter \u4e16": "w\u00f6rter \u4e16", "\u202eback": "back"} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	long := strings.Repeat("\u00f6", maxTrace)
	if got := joined([]string{"x" + long}); got != "x"+long[:maxTrace-2] {
		t.Errorf("cut to %d octets that end with %q", len(got), got[len(got)-2:])
	}
	if got := failure(errors.New(long)); len(got) > maxErrorText || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}

// TestHalves that are none change nothing.
func TestHalves(t *testing.T) {
	a := newBook(t, "abcde")
	for _, id := range []string{"", "abcde", "abcde:", "abcde:x", "abcd:1", "abcdef:1", "ab de:1", "ab/de:1", "abcde:123456789012345678901", "abcde:4"} {
		if h := a.l.Offer(id, nil, "abcde:3", &meter{}); h != nil { // the last is well made, but there is no such flow
			t.Errorf("%q is taken", id)
		}
	}
	a.l.Wanted(true)
	a.accept(&meter{})
	a.steps(5, nil)
	send := func(subject string, body any) {
		m, err := (&message.Message{To: "vfcr.abcde:0", Subject: subject, Body: body, HasBody: true}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		a.l.Hear(m)
	}
	record := func(typ any, id string, more ...wire.Pair) []any {
		return []any{append(wire.Map{{Key: uint32(0), Value: typ}, {Key: uint32(1), Value: id}}, more...)}
	}
	text := wire.Pair{Key: uint32(60), Value: "x"}
	send("RECORD", nil)
	send("RECORD", "text")
	send("FLUSH", record(uint32(16), "abcde:1", text))
	send("RECORD", record(uint32(15), "abcde:1", text))
	send("RECORD", record(nil, "abcde:1", text))
	send("RECORD", record(uint32(16), "abcde:2", text))
	send("RECORD", record(nil, "abcde:1", wire.Pair{Key: "type", Value: uint32(16)}, text))
	send("RECORD", record(uint32(16), "abcde:2", wire.Pair{Key: uint64(1), Value: "abcde:1"}, text))
	send("RECORD", record(uint32(16), "abcde:1", wire.Pair{Key: uint32(23), Value: uint64(1)}, wire.Pair{Key: uint32(4), Value: uint64(1)}, wire.Pair{Key: uint32(2), Value: "x"},
		wire.Pair{Key: uint32(60), Value: uint64(1)}, wire.Pair{Key: uint32(61), Value: "x"}, wire.Pair{Key: uint32(31), Value: strings.Repeat("x", maxTrace+1)}))
	a.l.Hear([]byte("\x00Ss\xd0\xff"))
	a.want(10, nil, "")
	send("RECORD", record(uint32(16), "abcde:1", wire.Pair{Key: uint32(60), Value: "\x00x\xff"}))
	a.want(10, nil, "mc/sfe:16{1=abcde:1,60=x}")
}

// TestManyFlows: there is a bound for all that is kept and for what is sent at a time, and everybody has a turn.
func TestManyFlows(t *testing.T) {
	a := newBook(t, "abcde")
	a.l.Wanted(true)
	var fs []*Flow
	for range MaxFlows {
		fs = append(fs, a.accept(&meter{}))
	}
	if a.accept(&meter{}) != nil {
		t.Error("there is one more than MaxFlows")
	}
	if n := a.l.Missed(); n != 1 {
		t.Errorf("%d were missed, want 1", n)
	}
	told, ended := map[string]bool{}, map[string]bool{}
	steps := func(n int) {
		for range n {
			records := 0
			for _, m := range a.l.Step(a.now) {
				msg, err := message.Parse(m.Body)
				if err != nil {
					t.Fatal(err)
				}
				list, _ := msg.Body.([]any)
				records += len(list)
				for _, item := range list {
					r, _ := item.(wire.Map)
					id := fmt.Sprint(r[1].Value)
					told[id] = true
					for _, p := range r {
						if p.Key == uint32(EndTime) {
							ended[id] = true
						}
					}
				}
			}
			if records > maxEndsPerStep {
				t.Fatalf("%d records in one step", records)
			}
			a.now = a.now.Add(200 * time.Millisecond)
		}
	}
	steps(50)
	if len(told) != MaxFlows || len(ended) != 0 {
		t.Errorf("%d of %d have been told of, and %d ends", len(told), MaxFlows, len(ended))
	}
	for _, f := range fs {
		f.Ended(a.now, nil)
	}
	steps((MaxFlows-MaxEnded)/maxPerStep - 5) // sooner than at the ordinary pace
	if n := len(a.l.over); n > MaxEnded {
		t.Errorf("%d that are over wait", n)
	}
	steps(60)
	if len(ended) != MaxFlows {
		t.Errorf("%d of %d have been told to end", len(ended), MaxFlows)
	}
	if len(a.l.own) != 0 || a.l.over != nil {
		t.Errorf("%d are left", len(a.l.own))
	}
	for i := range a.l.live {
		if len(a.l.live[i]) != 0 {
			t.Errorf("%d are still looked at", len(a.l.live[i]))
		}
	}
}

// TestClosedLedger has told that all is over and takes no more.
func TestClosedLedger(t *testing.T) {
	a := newBook(t, "abcde")
	a.l.Wanted(true)
	f := a.accept(&meter{})
	a.accept(&meter{}).Ended(a.now, nil)
	a.steps(5, nil)
	a.l.Offer("fghij:1", nil, "abcde:3", &meter{}).Ended(a.now, nil)
	ms := a.l.Close(a.now)
	if len(ms) != 2 || ms[1].To != "vfcr.fghij:0" {
		t.Fatalf("%d messages, want one with records and one with a half", len(ms))
	}
	m, err := message.Parse(ms[0].Body)
	if list, _ := m.Body.([]any); err != nil || len(list) != 2 {
		t.Errorf("%d records, want 2", len(list))
	}
	f.Ended(a.now, nil)
	if a.accept(&meter{}) != nil || a.steps(5, nil) != "" || len(a.l.Close(a.now)) != 0 {
		t.Error("it goes on")
	}
	var none *Flow // what there is no place for
	none.Connected(nil)
	none.Ended(a.now, nil)
	if none.ID() != "" {
		t.Error("it has an identity")
	}
}

// FuzzHalves reads whatever comes to the address for other halves.
func FuzzHalves(f *testing.F) {
	a := newBook(nil, "fghij")
	h := a.l.Offer("abcde:1", []string{"0/A"}, "fghij:7", &meter{})
	h.Ended(a.now, errors.New("reset"))
	for _, m := range a.l.Step(a.now) {
		f.Add(m.Body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, h := range halvesIn(b) {
			for _, x := range h.fields {
				if x.isText && len(x.text) > maxTrace {
					t.Errorf("%d octets of attribute %d", len(x.text), x.attr)
				}
			}
		}
	})
}
