//go:build podman

package podman

import (
	"context"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/podman/container"
)

// engine is the one that tests use. They do not run side by side.
var engine service

// service is an engine, for tests.
type service struct{ *container.Engine }

// mustUp runs an engine that was ended again, beyond the end of the test.
func (s service) mustUp(t *testing.T) {
	t.Helper()
	if err := s.Up(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// do runs the engine's own command line, which must succeed.
func (s service) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.Try(context.WithoutCancel(t.Context()), args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// nothingLeft checks that the engine has no container and no image of ours.
func (s service) nothingLeft(t *testing.T) {
	t.Helper()
	if err := s.Left(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// clear removes all containers, and the images of ours, so that what a test left is not found by another.
func (s service) clear() {
	ctx := context.Background() // tests end before what they leave is cleared
	left, _ := s.Try(ctx, "ps", "-aq")
	for _, id := range strings.Fields(left) {
		_, _ = s.Try(ctx, "rm", "-f", id) // it may be going already
	}
	images, _ := s.Try(ctx, "images", "--format", "{{.Repository}}:{{.Tag}}")
	for _, name := range strings.Fields(images) {
		if strings.Contains(name, "podman-skupper-router") {
			_, _ = s.Try(ctx, "rmi", "-f", name)
		}
	}
}
