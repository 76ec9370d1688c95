package router_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestRowsKeepTheirOrder asks twice for all there is of what a router does not keep by name: whoever reads it page by page must find each row once.
func TestRowsKeepTheirOrder(t *testing.T) {
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	m.Start()
	for _, typ := range []string{"connection", "router.link", "router.address"} {
		identities := func(ctx context.Context) (ids []string, err error) {
			err = a.Manage(ctx, func(c *manage.Client) error {
				rows, err := c.Query(ctx, typ)
				for _, r := range rows {
					ids = append(ids, fmt.Sprint(r["identity"]))
				}
				return err
			})
			return ids, err
		}
		for range 5 {
			routertest.Eventually(t, 30*time.Second, func(ctx context.Context) error { // rows may come and go, but not for ever
				first, err := identities(ctx)
				if err != nil {
					return err
				}
				then, err := identities(ctx)
				if err != nil {
					return err
				}
				if x, y := slices.Sorted(slices.Values(first)), slices.Sorted(slices.Values(then)); len(x) < 2 || !slices.Equal(x, y) {
					return fmt.Errorf("%s: first\n%v\nthen\n%v", typ, x, y)
				}
				if !slices.Equal(first, then) {
					t.Fatalf("%s: of the same rows the order is first\n%v\nthen\n%v", typ, first, then)
				}
				return nil
			})
		}
	}
}
