package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestRotation replaces certificates under traffic, with either make at either end.
func TestRotation(t *testing.T) {
	for _, tt := range []struct {
		name            string
		oursDials, edge bool
	}{{"ours dials", true, false}, {"real dials", false, false}, {"our edge dials", true, true}, {"real edge dials", false, true}} {
		t.Run(tt.name, func(t *testing.T) {
			m, real, ours := mesh(t)
			dialler, listener := real, ours
			if tt.oursDials {
				dialler, listener = ours, real
			}
			b := m.Add("LISTENS", listener)
			add := m.Add
			if tt.edge {
				add = m.AddEdge
			}
			routertest.Rotation(t, m, add("DIALS", dialler), b, routertest.Rotated{Keeps: !tt.oursDials, Lenient: true, Gap: tt.edge && !tt.oursDials})
		})
	}
}
