package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// load is what each pair of routers must stand.
var load = routertest.Load{Bulk: 50 << 20, Flows: 100}

// both exercises two routers from either end, then kills each of them in turn.
func both(t *testing.T, m *routertest.Mesh, real, ours *routertest.Node) {
	t.Helper()
	fromReal := load
	t.Run("real to ours", func(t *testing.T) { routertest.Exercise(t, real, ours, fromReal) })
	t.Run("ours to real", func(t *testing.T) { routertest.Exercise(t, ours, real, load) })
	t.Run("real is killed", func(t *testing.T) {
		routertest.Cut(t, ours, real, func() { real.Start(); m.AwaitAll() }, false)
	})
	t.Run("ours is killed", func(t *testing.T) {
		routertest.Cut(t, real, ours, func() { ours.Start(); m.AwaitAll() }, false)
	})
	t.Run("again", func(t *testing.T) {
		routertest.Exercise(t, real, ours, routertest.Load{Bulk: 1 << 20, Flows: 10, Lenient: fromReal.Lenient})
		routertest.Exercise(t, ours, real, routertest.Load{Bulk: 1 << 20, Flows: 10})
	})
}

// TestOursDials has a router of ours dial a real one.
func TestOursDials(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	m.Link("OURS", "REAL")
	m.Start()
	both(t, m, a, b)
}

// TestRealDials has a real router dial one of ours, with as many data connections as it likes.
func TestRealDials(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	a.Config.Router.DataConnectionCount = "auto"
	m.Link("REAL", "OURS")
	m.Start()
	both(t, m, a, b)
}
