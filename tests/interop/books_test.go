package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestBooks has a real router and one of ours say the same of their links.
func TestBooks(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", ours)
	a.Config.Router.DataConnectionCount = "auto"
	m.Link("OURS", "REAL")
	m.Start()
	routertest.Books(t, a, b)
}
