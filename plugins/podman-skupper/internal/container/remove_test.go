//go:build linux

package container

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/shared/fault"
)

var ours = Settings{Endpoint: "unix:///x", Router: Embedded}

// madeHere is the image of this test, which is a program that needs libraries.
func madeHere(t *testing.T, f *fake) string {
	t.Helper()
	ref, err := embeddedRef()
	if err != nil {
		t.Fatal(err)
	}
	f.images[ref] = engineapi.Image{}
	return ref
}

// An image that is in use by what the engine does not tell of, such as a container that it still removes, goes when that has gone.
func TestImageInUseForAWhile(t *testing.T) {
	f := newFake(t)
	ref, e := madeHere(t, f), engineOn(t, f, ours)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.inUse = 3
	if err := e.Remove(t.Context()); err != nil || f.inUse != 0 {
		t.Errorf("got %v, tries left %d", err, f.inUse)
	}
	if _, there := f.images[ref]; there {
		t.Error("the image is left")
	}
}

// An image of another site stays, and nobody waits for it.
func TestImageOfAnotherSite(t *testing.T) {
	f := newFake(t)
	ref, e := madeHere(t, f), engineOn(t, f, ours)
	f.containers["east-skupper-router"] = engineapi.Container{Image: ref, Running: true, Labels: map[string]string{"application": labelApplication}}
	f.inUse = 1000
	if err := e.Remove(t.Context()); err != nil || f.inUse < 998 {
		t.Errorf("got %v, tries left %d", err, f.inUse)
	}
}

// An engine that was cut off while it made a container makes it all the same; it goes with the site.
func TestContainerComesLate(t *testing.T) {
	f := newFake(t)
	madeHere(t, f)
	e := engineOn(t, f, ours)
	ctx, cancel := context.WithCancel(t.Context())
	f.onRun = func() error { cancel(); return context.Canceled }
	if err := e.Start(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	f.asked, f.onInspect = 0, func(n int) {
		if n == 3 {
			f.containers[e.name()] = engineapi.Container{Status: "created", Labels: map[string]string{"application": labelApplication, labelSite: "site-1"}}
		}
	}
	if err := e.Remove(t.Context()); err != nil || len(f.containers) != 0 || f.asked < 3 {
		t.Errorf("got %v, left %v after %d questions", err, f.containers, f.asked)
	}
}

// A site that goes may take the image along that another one is about to use.
func TestImageTakenAlong(t *testing.T) {
	f := newFake(t)
	e := engineOn(t, f, named)
	f.images[named.Image] = engineapi.Image{}
	times := 0
	f.onRun = func() error {
		if times++; times > 1 {
			return nil
		}
		delete(f.images, named.Image)
		return fault.New(fault.Engine, "image not known", "")
	}
	if err := e.Start(t.Context()); err != nil || times != 2 {
		t.Errorf("got %v after %d tries", err, times)
	}
}

// Of a namespace that is removed while its container is made nothing stays, whichever way its home is reached.
func TestNamespaceGoesMeanwhile(t *testing.T) {
	f := newFake(t)
	madeHere(t, f)
	e := engineOn(t, f, ours)
	link := filepath.Join(t.TempDir(), "home")
	home := filepath.Dir(filepath.Dir(e.opts.ConfigFile))
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	e.opts.ConfigFile = filepath.Join(link, "router", configName)
	f.mounts = []engineapi.Mount{{Source: filepath.Join(home, "router"), Target: configPath}}
	f.onRun = func() error { return os.RemoveAll(filepath.Join(home, "router")) }
	if err := e.Start(t.Context()); !errors.Is(err, os.ErrNotExist) || len(f.containers) != 0 {
		t.Errorf("start: %v, left %v", err, f.containers)
	}
	f.containers[e.name()] = engineapi.Container{Labels: map[string]string{"application": labelApplication}, Mounts: f.mounts}
	if err := e.Remove(t.Context()); err != nil || len(f.containers)+len(f.images) != 0 {
		t.Errorf("remove: %v, left %v %v", err, f.containers, f.images)
	}
}
