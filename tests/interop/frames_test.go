package interop

import (
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestSmallFrames has routers of both makes talk in frames of 512 octets, which one of them asks for.
func TestSmallFrames(t *testing.T) {
	for _, way := range []struct{ name, from, to string }{{"ours asks", "OURS", "REAL"}, {"real asks", "REAL", "OURS"}} {
		t.Run(way.name, func(t *testing.T) {
			m, real, ours := mesh(t)
			r, o := m.Add("REAL", real), m.Add("OURS", ours)
			m.Link(way.from, way.to).MaxFrameSize = 512
			m.Start()
			routertest.Exercise(t, r, o, less)
			routertest.Exercise(t, o, r, less)
		})
	}
}
