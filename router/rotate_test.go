package router_test

import (
	"fmt"
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestRotation replaces the certificates of both ends of a link under traffic.
func TestRotation(t *testing.T) {
	for _, edge := range []bool{false, true} {
		t.Run(fmt.Sprint("edge=", edge), func(t *testing.T) {
			m := routertest.New(t)
			b := m.Add("B", routertest.Engine{})
			add := m.Add
			if edge {
				add = m.AddEdge
			}
			routertest.Rotation(t, m, add("A", routertest.Engine{}), b, routertest.Rotated{})
		})
	}
}
