//go:build linux

package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// asking is a request to the management node.
func asking(t *testing.T, replyTo string, padding int, props ...wire.Pair) []byte {
	m := message.Message{ReplyTo: replyTo, CorrelationID: uint64(1), AppProps: append(wire.Map{{Key: "operation", Value: "QUERY"}}, props...), HasBody: true,
		Body: wire.Map{{Key: "padding", Value: strings.Repeat("p", padding)}}}
	b, err := m.Append(nil)
	if err != nil {
		t.Error(err)
	}
	return b
}

// TestRequestsWithoutEnd has a client ask for everything, again and again, with answers that nobody reads, that go to everybody, or of nothing but an offset
// beyond all: others are answered meanwhile.
func TestRequestsWithoutEnd(t *testing.T) {
	siege(t, 250, func(b *besieged) {
		var askers []*stranger
		for i, replyTo := range []string{"unread", "unread", "$management", "mc/sfe.all"} {
			s := meet(t, b.plain, opening(), receiver(7, replyTo, 0))
			s.sends(t, "$management")
			askers = append(askers, s)
			go func() {
				for id := uint32(0); id < 10_000; {
					var all []byte
					for range 20 {
						padding := 0
						if i == 1 { // what comes before the answer is much, too
							padding = 14_000
						}
						all = append(all, transfer(0, id, false, asking(t, replyTo, padding, wire.Pair{Key: "offset", Value: int64(1<<31-1) * int64(i%2)}))...)
						id++
					}
					if !s.say(all) {
						return
					}
				}
			}()
		}
		c, err := manage.Dial(t.Context(), manage.Options{URL: b.a.URL(), Timeout: patience})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		began := time.Now()
		for range 10 {
			if _, err := c.Query(t.Context(), "router.node"); err != nil {
				t.Errorf("another client is not answered: %v", err)
			}
		}
		t.Logf("ten answers to another client took %v", time.Since(began).Round(time.Millisecond))
		for _, s := range askers {
			_ = s.Close()
		}
		routertest.Eventually(t, patience, func(context.Context) error {
			if !strings.Contains(b.a.Log(), "too many management requests") {
				return fmt.Errorf("the log has no line about it")
			}
			return nil
		})
	})
}
