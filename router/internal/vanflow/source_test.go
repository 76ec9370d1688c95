package vanflow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// clock steps a source through time.
type clock struct {
	t   *testing.T
	s   *Source
	now time.Time
	at  time.Time // the beginning
}

func newClock(t *testing.T) *clock {
	at := time.UnixMicro(1_000_000_000)
	return &clock{t: t, s: NewSource("abcde:0", at), now: at, at: at}
}

// until steps as the core does, five times a second, and tells what was said: "B" and "H" for beacons and heartbeats, and
// the records with their attributes, each with its time in tenths of a second.
func (c *clock) until(tenths int) string {
	c.t.Helper()
	var out []string
	for end := c.at.Add(time.Duration(tenths) * 100 * time.Millisecond); !c.now.After(end); c.now = c.now.Add(200 * time.Millisecond) {
		if c.now.Before(c.s.NextDeadline()) {
			if late := c.s.waiting; len(late) > 0 && late[0].sent.IsZero() {
				c.t.Errorf("at %v: the deadline is late", c.now.Sub(c.at))
			}
			continue
		}
		for _, m := range c.s.Step(c.now) {
			out = append(out, fmt.Sprintf("%d:%s", c.now.Sub(c.at).Milliseconds()/100, c.text(m)))
		}
	}
	return strings.Join(out, " ")
}

func (c *clock) text(m Message) string {
	c.t.Helper()
	msg, err := message.Parse(m.Body)
	if err != nil || msg.To != m.To {
		c.t.Fatalf("message to %s: %v", m.To, err)
	}
	if msg.Subject != SubjectRecord {
		return msg.Subject[:1]
	}
	var rs []string
	list, _ := msg.Body.([]any)
	for _, item := range list {
		m, _ := item.(wire.Map)
		var as []string
		for _, p := range m[1:] {
			as = append(as, fmt.Sprintf("%v=%v", p.Key, p.Value))
		}
		rs = append(rs, fmt.Sprintf("%v{%s}", m[0].Value, strings.Join(as, ",")))
	}
	return strings.Join(rs, "+")
}

func (c *clock) want(tenths int, want string) {
	c.t.Helper()
	if got := c.until(tenths); got != want {
		c.t.Errorf("until %d: got\n%s\nwant\n%s", tenths, got, want)
	}
}

func TestSilentWhenNobodyListens(t *testing.T) {
	c := newClock(t)
	r := c.s.Begin(c.now, Link, "abcde:1")
	r.Text(Status, "up")
	c.want(100, "")
	c.s.End(c.now, r)
	c.want(200, "")
	if len(c.s.waiting)+len(c.s.live) != 0 {
		t.Errorf("%d records wait, %d live", len(c.s.waiting), len(c.s.live))
	}
}

func TestRhythm(t *testing.T) {
	c := newClock(t)
	c.s.BeaconsWanted(true)
	c.want(110, "0:B 20:B 40:B 60:B 100:B") // announced at the start, then every fifth heartbeat
	c.s.RecordsWanted(true)
	c.want(150, "112:H 120:H 140:H")
	c.s.Announce(c.now)
	c.s.Announce(c.now)
	c.want(230, "156:B 160:B 160:H 180:B 180:H 200:B 200:H 220:H")
	c.s.BeaconsWanted(false)
	c.s.RecordsWanted(false)
	c.want(310, "")
	c.s.BeaconsWanted(true)
	c.s.BeaconsWanted(true) // a second one changes nothing
	c.want(330, "312:B")
}

func TestRecords(t *testing.T) {
	c := newClock(t)
	c.s.RecordsWanted(true)
	r := c.s.Begin(c.now, Link, "abcde:1")
	r.Text(Status, "down")
	c.want(10, "0:H 0:2{1=abcde:1,3=1000000000,53=down}")
	r.Text(Status, "up")
	r.Number(LinkCost, 3)
	c.want(12, "12:2{1=abcde:1,33=3,53=up}") // only what changed
	r.Number(LinkCost, 4)
	r.Number(LinkCost, 5)
	r.Text(Status, "up")                    // as it was
	c.want(24, "20:H 22:2{1=abcde:1,33=5}") // once a second
	c.s.Flush()
	c.want(34, "32:2{1=abcde:1,3=1000000000,33=5,53=up}")
	c.s.End(c.now, r)
	r.Text(Status, "down") // too late
	c.s.End(c.now, r)
	c.s.Flush()
	c.want(50, "36:2{1=abcde:1,4=1003600000} 40:H") // an end does not wait
	c.want(59, "")
}

// TestFirstListener gets everything, whether or not it was said before to somebody else.
func TestFirstListener(t *testing.T) {
	c := newClock(t)
	r := c.s.Begin(c.now, Listener, "abcde:1")
	r.Text(Name, "l")
	c.s.RecordsWanted(true)
	c.want(4, "0:H 0:4{1=abcde:1,3=1000000000,30=l}")
	c.s.RecordsWanted(false)
	r.Number(FlowCount, 1)
	c.want(8, "")
	c.s.RecordsWanted(true)
	c.want(16, "10:H 10:4{1=abcde:1,3=1000000000,30=l,40=1}")
}

func TestRecordsPerMessage(t *testing.T) {
	for n, want := range map[int][]int{MaxRecords - 1: {49}, MaxRecords: {50}, MaxRecords + 1: {50, 1}, 2*MaxRecords + 1: {50, 50, 1}} {
		c := newClock(t)
		for i := range n {
			c.s.Begin(c.now, Connector, fmt.Sprintf("abcde:%d", i+1))
		}
		c.s.RecordsWanted(true)
		var got []int
		for _, m := range c.s.Step(c.now)[1:] {
			got = append(got, strings.Count(c.text(m), "{"))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d records: got %v, want %v", n, got, want)
		}
	}
}

func TestEndAll(t *testing.T) {
	c := newClock(t)
	c.s.Begin(c.now, Router, "abcde:0")
	c.s.Begin(c.now, Link, "abcde:1")
	c.s.RecordsWanted(true)
	c.until(2)
	c.s.EndAll(c.now)
	c.want(4, "4:2{1=abcde:1,4=1000400000}+1{1=abcde:0,4=1000400000}") // children first
}

// TestClockJumps: after a sleep there is one heartbeat, not all that were missed.
func TestClockJumps(t *testing.T) {
	c := newClock(t)
	c.s.RecordsWanted(true)
	c.until(10)
	c.at = c.at.Add(time.Hour)
	c.now = c.at
	c.want(30, "0:H 20:H")
}

func TestSourceName(t *testing.T) {
	for host, want := range map[string]string{
		"west-skupper-router-5b8c9d7f6b-x7k2p": "x7k2p",
		"a-bcdfg":                              "bcdfg",
		"build-linux":                          "ABCDE", // a word: a name that two machines may have
		"a-bcdf":                               "ABCDE",
		"a-bcdfgh":                             "ABCDE",
		"bcdfg":                                "ABCDE",
		"web-0":                                "ABCDE",
		"":                                     "ABCDE",
	} {
		if got := SourceName(host, "ABCDEfghijklmno"); got != want {
			t.Errorf("%q: got %s, want %s", host, got, want)
		}
	}
}
