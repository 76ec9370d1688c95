package router_test

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestBooks compares what routers say of their links with what was sent.
func TestBooks(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	m.Link("A", "B")
	m.Start()
	routertest.Books(t, a, b)
}
