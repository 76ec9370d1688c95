package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestFailoverList has the list of other places come from either make, and go to either.
func TestFailoverList(t *testing.T) {
	for _, tt := range []struct {
		name            string
		oursDials, edge bool
	}{{"ours dials", true, false}, {"real dials", false, false}, {"our edge dials", true, true}, {"real edge dials", false, true}} {
		t.Run(tt.name, func(t *testing.T) {
			m, real, ours := mesh(t)
			dialler, first, second := real, ours, real
			if tt.oursDials {
				dialler, first, second = ours, real, ours
			}
			add := m.Add
			if tt.edge {
				add = m.AddEdge
			}
			routertest.Failover(t, m, add("DIALS", dialler), m.Add("FIRST", first), m.Add("SECOND", second))
		})
	}
}
