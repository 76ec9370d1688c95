// Package interop joins routers of ours with those of another make, skrouterd of skupper-router, and compares the two.
//
// It needs SKROUTERD=/path/to/skrouterd and an environment in which that finds its libraries; without it everything is skipped.
package interop

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/routertest"
)

func TestMain(m *testing.M) {
	if code, child := routertest.Child(); child {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// mesh is a network in which real and ours run routers as processes.
func mesh(t *testing.T) (m *routertest.Mesh, real, ours routertest.Runner) {
	t.Helper()
	path := os.Getenv("SKROUTERD")
	if path == "" {
		t.Skip("SKIPPED, NOTHING WAS TESTED: interop needs a real router: SKROUTERD=/path/to/skrouterd (make interop)")
	}
	m = routertest.New(t)
	return m, routertest.Program{Path: path, Dir: m.Dir()}, routertest.Self(m.Dir())
}
