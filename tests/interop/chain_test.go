package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// chain exercises the ends of left–middle–right, then kills an end and the middle.
func chain(t *testing.T, m *routertest.Mesh, left, middle, right *routertest.Node, lenient bool) {
	t.Helper()
	t.Run("there", func(t *testing.T) { routertest.Exercise(t, left, right, load) })
	t.Run("back", func(t *testing.T) { routertest.Exercise(t, right, left, load) })
	t.Run("to the middle", func(t *testing.T) { routertest.Exercise(t, left, middle, less) })
	t.Run("from the middle", func(t *testing.T) { routertest.Exercise(t, middle, right, less) })
	t.Run("the end is killed", func(t *testing.T) {
		routertest.Cut(t, left, right, func() { right.Start(); m.AwaitAll() }, lenient)
	})
	t.Run("the middle is restarted", func(t *testing.T) {
		middle.Kill()
		middle.Start()
		m.AwaitAll()
		routertest.Exercise(t, left, right, less)
	})
}

// TestOursBetween has real–ours–real; one link is dialled by either side.
func TestOursBetween(t *testing.T) {
	m, real, ours := mesh(t)
	left, middle, right := m.Add("R1", real), m.Add("OURS", ours), m.Add("R2", real)
	m.Link("R1", "OURS")
	m.Link("OURS", "R2")
	m.Start()
	chain(t, m, left, middle, right, true)
}

// TestRealBetween has ours–real–ours.
func TestRealBetween(t *testing.T) {
	m, real, ours := mesh(t)
	left, middle, right := m.Add("O1", ours), m.Add("REAL", real), m.Add("O2", ours)
	m.Link("O1", "REAL")
	m.Link("REAL", "O2")
	m.Start()
	chain(t, m, left, middle, right, false)
}
