package adaptor

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/skupper-plugins/suite/router/network"
)

// TestReasons has a link that is down for a reason that is told late, then up, and one of another site, of which nothing is known.
func TestReasons(t *testing.T) {
	status := func(state string) network.Status {
		site := func(id string) network.Site {
			return network.Site{Info: network.SiteInfo{ID: id}, Routers: []network.Router{{Links: []network.Link{{Name: "l", Status: state}}}}}
		}
		return network.Status{Sites: []network.Site{site("here"), site("there")}}
	}
	var got []network.Status
	r := &reasons{site: "here", publish: func(s network.Status) { got = append(got, s) }}
	why := map[string]string{"l": "certificate verify failed"}
	now := time.Now()
	r.explain(map[string]string{"other": "x"}, now) // nothing to publish yet
	down := status("down")
	r.take(down)
	r.explain(why, now)
	r.explain(map[string]string{"l": "certificate verify failed"}, now) // no news
	r.take(status("up"))
	r.explain(nil, now)
	want := []string{"", "certificate verify failed", "", ""}
	if len(got) != len(want) {
		t.Fatalf("%d times published, want %d", len(got), len(want))
	}
	for i, s := range got {
		if m := s.Sites[0].Routers[0].Links[0].Message; m != want[i] || s.Sites[1].Routers[0].Links[0].Message != "" {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if down.Sites[0].Routers[0].Links[0].Message != "" {
		t.Error("what was given was changed")
	}
}

// TestReasonThatStays has a link that is down and fails with other words at each try.
func TestReasonThatStays(t *testing.T) {
	var got []string
	r := &reasons{site: "here", publish: func(s network.Status) { got = append(got, s.Sites[0].Routers[0].Links[0].Message) }}
	r.take(network.Status{Sites: []network.Site{{Info: network.SiteInfo{ID: "here"}, Routers: []network.Router{{Links: []network.Link{{Name: "l", Status: "down"}}}}}}})
	now := time.Now()
	for i := range 40 { // each 5 s
		r.explain(map[string]string{"l": fmt.Sprint(i)}, now.Add(time.Duration(i)*reasonEvery))
	}
	r.explain(nil, now.Add(40*reasonEvery))
	r.explain(map[string]string{"l": "again"}, now.Add(41*reasonEvery)) // it was up meanwhile
	if want := " 0 12 24 36  again"; strings.Join(got, " ") != want {
		t.Errorf("published %q, want %q", strings.Join(got, " "), want)
	}
}

// TestReasonThatIsNewestWins has both ends of what is published at work: the last that comes out is of the last of each.
func TestReasonThatIsNewestWins(t *testing.T) {
	for range 200 {
		var last network.Status // under the lock of reasons
		r := &reasons{site: "here", publish: func(s network.Status) { last = s }}
		down := network.Status{Sites: []network.Site{{Info: network.SiteInfo{ID: "here"}, Routers: []network.Router{{Links: []network.Link{{Name: "l", Status: "down"}}}}}}}
		var both sync.WaitGroup
		both.Go(func() { r.take(down) })
		both.Go(func() { r.explain(map[string]string{"l": "x"}, time.Now()) })
		both.Wait()
		if m := last.Sites[0].Routers[0].Links[0].Message; m != "x" {
			t.Fatalf("the last published has %q", m)
		}
	}
}

func TestReasonOf(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"read tcp 10.0.0.7:41822->1.2.3.4:55671: connection reset by peer":     "read tcp 1.2.3.4:55671: connection reset by peer",
		"read tcp [fd00::7]:41822->[fd00::1]:55671: i/o timeout":               "read tcp [fd00::1]:55671: i/o timeout",
		"[C123] Connection to h:1 failed: SSL Failure":                         "Connection to h:1 failed: SSL Failure",
		"x509: expired: current time 2026-11-30T11:00:00Z is after 2026-01-01": "x509: expired: the time is after 2026-01-01",
		"a\nb\x1b[31m\u202ec\x00\xff d":                                        "a b[31mc d",
		"certificate verify failed":                                            "certificate verify failed",
	} {
		if got := reasonOf(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := reasonOf("\x00\x01" + strings.Repeat("é", maxReason)); len(got) != maxReason || !utf8.ValidString(got) {
		t.Errorf("%d octets", len(got))
	}
}
