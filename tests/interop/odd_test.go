package interop

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestOddClients has clients say the same odd, but legal, things to a real router and to ours, octet by octet. The same must come back. What is wrong is said to
// ours alone (router/faults): a real router ends itself over some of it (a handle in use, say: a segmentation fault).
func TestOddClients(t *testing.T) {
	m, real, ours := mesh(t)
	r, o := m.Add("REAL", real), m.Add("OURS", ours)
	m.Link("OURS", "REAL")
	m.Start()
	names := map[string]bool{}
	var group sync.WaitGroup
	turns := make(chan struct{}, 6)
	for _, c := range routertest.OddConversations() {
		if names[c.Name] {
			t.Errorf("there are two conversations called %q", c.Name)
		}
		names[c.Name] = true
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			known, differs := oddly[c.Name]
			var theirs, own string
			for _, quiet := range []time.Duration{300 * time.Millisecond, 2 * time.Second} { // one of them may have been slow
				theirs, own = sayBoth(t, c, r, o, quiet)
				switch {
				case differs && own == strings.Join(known.ours, "\n\t") && theirs != own:
					t.Logf("%s: as is known, %s", c.Name, known.why)
					return
				case !differs && theirs == own:
					return
				}
			}
			t.Errorf("%s: the real router says\n\t%s\nours says\n\t%s\nwhich is not what is known of it: %q, %q", c.Name, theirs, own, known.why, known.ours)
		})
	}
	group.Wait()
	for name := range oddly {
		if !names[name] {
			t.Errorf("there is no conversation called %q any more", name)
		}
	}
}

// sayBoth has a conversation with a real router and with ours.
func sayBoth(t *testing.T, c routertest.Conversation, r, o *routertest.Node, quiet time.Duration) (theirs, own string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for n, said := range map[*routertest.Node]*string{r: &theirs, o: &own} {
		lines, err := c.Hold(ctx, strings.TrimPrefix(n.URL(), "amqp://"), quiet)
		if err != nil {
			lines = append(lines, err.Error())
		}
		*said = strings.Join(lines, "\n\t")
	}
	return theirs, own
}

// odd is what comes of a conversation with ours where that differs from the real router, and why it does.
type odd struct {
	why  string
	ours []string
}

var oddly = map[string]odd{
	"descriptors that are symbols": {"a real router does not know them either, and says nothing more", []string{
		"close because of amqp:decode-error, gone, open, protocol 0 [1 0 0]",
	}},
	"a link that comes back": {"a real router waits for the client to close the connection", []string{
		"begin 0 for 0, open, protocol 0 [1 0 0]",
		"attach 0/0 same sender source=true target=true",
		"close because of amqp:not-implemented, gone",
	}},
	"no target": {"a real router takes it for a target without an address", []string{
		"begin 0 for 0, open, protocol 0 [1 0 0]",
		"attach 0/0 none receiver source=false target=false, detach 0/0 closed=true because of amqp:not-implemented",
		"begin 1 for 77",
		"end 1",
	}},
	"settled at the end only": {"ours has passed on the beginning, which said that it was not settled: the receiver settles in vain", []string{
		"begin 0 for 0, open, protocol 0 [1 0 0]",
		"attach 0/0 in sender source=true target=true",
		"attach 0/1 out receiver source=true target=true",
		"delivery 0/0 settled=false late.... of 54",
		"begin 1 for 77",
		"end 1",
	}},
}
