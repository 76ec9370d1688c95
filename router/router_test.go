package router_test

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

// TestPair sends everything over one link, from either end.
func TestPair(t *testing.T) {
	m := routertest.New(t)
	a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
	m.Link("B", "A")
	m.Start()
	load := routertest.Load{Bulk: 100 << 20, Flows: 100}
	t.Run("from the dialler", func(t *testing.T) { routertest.Exercise(t, b, a, load) })
	t.Run("to the dialler", func(t *testing.T) { routertest.Exercise(t, a, b, load) })
	t.Run("itself", func(t *testing.T) { routertest.Exercise(t, a, a, routertest.Load{Bulk: 10 << 20, Flows: 20}) })
}
