//go:build linux

package faults

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestWrongClients has clients break rules of AMQP one by one: each is told which kind of rule it was, loses what is concerned, and nobody else notices.
func TestWrongClients(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	var group sync.WaitGroup
	turns := make(chan struct{}, 4)
	for _, c := range routertest.WrongConversations() {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			var came []string
			for _, quiet := range []time.Duration{200 * time.Millisecond, 5 * time.Second} { // the router may have been slow
				var err error
				if came, err = c.Hold(t.Context(), b.plain, quiet); err != nil {
					t.Error(err)
					return
				}
				if slices.Contains(came, c.End) {
					return
				}
			}
			t.Errorf("%s: there comes of it %q, want %q", c.Name, came, c.End)
		})
	}
	group.Wait()
	b.over()
}
