package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// load is what each pair of routers must stand. A real router tells of a cut by FIN only.
var load = routertest.Load{Bulk: 50 << 20, Flows: 100, Lenient: true}

// less is a repetition.
var less = routertest.Load{Bulk: 1 << 20, Flows: 10, Lenient: true}

// both exercises two routers from either end, then kills each of them in turn.
func both(t *testing.T, m *routertest.Mesh, real, ours *routertest.Node) {
	t.Helper()
	t.Run("real to ours", func(t *testing.T) { routertest.Exercise(t, real, ours, load) })
	t.Run("ours to real", func(t *testing.T) { routertest.Exercise(t, ours, real, load) })
	t.Run("real is killed", func(t *testing.T) {
		routertest.Cut(t, ours, real, func() { real.Start(); m.AwaitAll() }, false)
	})
	t.Run("ours is killed", func(t *testing.T) {
		routertest.Cut(t, real, ours, func() { ours.Start(); m.AwaitAll() }, true)
	})
	t.Run("again", func(t *testing.T) {
		routertest.Exercise(t, real, ours, less)
		routertest.Exercise(t, ours, real, less)
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
