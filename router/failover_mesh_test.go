package router_test

import (
	"fmt"
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestFailoverList has a link go to the other place that its peer told of, and back.
func TestFailoverList(t *testing.T) {
	for _, edge := range []bool{false, true} {
		t.Run(fmt.Sprint("edge=", edge), func(t *testing.T) {
			m := routertest.New(t)
			self := routertest.Self(m.Dir())
			add := m.Add
			if edge {
				add = m.AddEdge
			}
			routertest.Failover(t, m, add("A", routertest.Engine{}), m.Add("B", self), m.Add("C", self))
		})
	}
}
