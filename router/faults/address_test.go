//go:build linux

package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestManyAddresses has so many addresses at one router that what it tells another of them, in one message, is larger than what is held back of others.
func TestManyAddresses(t *testing.T) {
	b := besiege(t)
	const addresses = 4000
	s := meet(t, b.plain, opening())
	for i := range uint32(addresses) {
		if !s.say(receiver(i, fmt.Sprintf("many/%d/%s", i, strings.Repeat("a", 100)), 0)) {
			t.Fatal("the router has ended the connection")
		}
	}
	s.quiet()
	late := b.Add("LATE", routertest.Self(b.Dir()))
	b.Link("LATE", "A")
	late.Start()
	routertest.Eventually(t, patience, func(ctx context.Context) error {
		return late.Manage(ctx, func(c *manage.Client) error {
			rows, err := c.Query(ctx, "router.address")
			n := 0
			for _, r := range rows {
				if name, _ := r["name"].(string); strings.Contains(name, "many/") {
					n++
				}
			}
			if err == nil && n < addresses {
				err = fmt.Errorf("a router that joins knows %d addresses of %d", n, addresses)
			}
			return err
		})
	})
	b.over()
}
