//go:build linux

package container

import (
	"errors"
	"testing"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/shared/fault"
)

// What cannot take the place of a container does not end it: neither one that runs, nor one that somebody may want to look at.
func TestNothingInItsPlace(t *testing.T) {
	f := newFake(t)
	e := engineOn(t, f, named)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	delete(f.images, named.Image)
	f.pull = fault.New(fault.Engine, "no such host", "")
	if err := e.Prepare(t.Context()); !errors.Is(err, f.pull) {
		t.Errorf("prepare: %v", err)
	}
	if !e.State(t.Context()).Running {
		t.Error("the container was ended")
	}
	f.kill()
	c := f.containers[e.name()]
	c.Running, c.PID, c.Status = false, 0, "exited"
	f.containers[e.name()] = c
	e.ran = false
	if err := e.Start(t.Context()); !errors.Is(err, f.pull) || len(f.containers) != 1 {
		t.Errorf("start: %v, %v", err, f.containers)
	}
	f.pull = nil
	if err := errors.Join(e.Prepare(t.Context()), e.Start(t.Context())); err != nil || !e.State(t.Context()).Running {
		t.Errorf("with an image: %v", err)
	}
}

// The image that was made of another version of this program goes when it is of no use any more; one of others stays.
func TestImageOfOtherVersion(t *testing.T) {
	older := embeddedName + ":0123456789abcdef"
	for _, old := range []string{older, "theirs:2"} {
		for name, anew := range map[string]func(*Engine) error{
			"restarted": func(e *Engine) error { return errors.Join(e.Stop(t.Context()), e.Start(t.Context())) },
			"exited":    func(e *Engine) error { return e.Start(t.Context()) },
			"removed":   func(e *Engine) error { return e.Remove(t.Context()) },
		} {
			f := newFake(t)
			e := engineOn(t, f, named)
			f.images[old] = engineapi.Image{}
			f.containers[e.name()] = engineapi.Container{ID: "c", Image: old, Status: "exited", Labels: map[string]string{"application": labelApplication, labelSite: "site-1"}}
			if err := anew(e); err != nil {
				t.Fatal(err)
			}
			if _, there := f.images[old]; there != (old != older) {
				t.Errorf("%s: image %s is there: %v", name, old, there)
			}
		}
	}
}
