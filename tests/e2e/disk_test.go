//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// small gives a namespace of an installation on a file system of its own, of 2 MiB, and what fills and empties that.
func small(t *testing.T) (p place, fill, empty func()) {
	t.Helper()
	p = in(t, "west")
	if err := syscall.Mount("tmpfs", p.home.Dir, "tmpfs", 0, "size=2m,mode=755"); err != nil {
		t.Skipf("NOT TESTED: a full disk needs a file system to be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := p.home.End(context.Background()); err != nil { // t.Context has ended by now
			t.Error(err)
		}
		if err := syscall.Unmount(p.home.Dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(p.home.Dir, "ballast")
	fill = func() {
		f, err := os.OpenFile(ballast, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() //nolint:errcheck // it is full
		for {
			if _, err := f.Write(bytes.Repeat([]byte{1}, 4096)); err != nil {
				return
			}
		}
	}
	empty = func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	return p, fill, empty
}

// On a full disk each command says so and changes nothing, what runs goes on, and what ends things works.
func TestDiskFull(t *testing.T) { // alone: its ports are free for others now and then
	p, fill, empty := small(t)
	const says = "no space left on device\ntry: make room"
	fill()
	p.refuses(1, says, "site", "create", "west", "--enable-link-access")
	empty()
	p.do("site", "create", "west", "--enable-link-access")
	fill()
	token := filepath.Join(p.home.Dir, "token.yaml")
	p.refuses(1, says, "listener", "create", "backend", "9", "--host", "127.0.0.1")
	p.refuses(1, says, "token", "issue", token)
	p.refuses(1, says, "site", "update", "--enable-link-access=false")
	if exists(token) {
		t.Error("there is a token's file")
	}
	nothingHalf(t, p)
	p.shows(patience, `west +Ready`, "site", "status")
	// Processes that die come back.
	agent, router := p.agent(), p.router()
	signal(t, agent, syscall.SIGKILL)
	signal(t, router, syscall.SIGKILL)
	p.try("system", "reload")
	soon(t, patience, "another agent and router", func() bool {
		a, r := p.running()
		return a == 1 && r == 1 && p.agent() != agent && p.router() != router
	})
	p.shows(patience, `west +Ready`, "site", "status")
	p.try("system", "stop") // it cannot write the status, but ends the router
	soon(t, patience, "the end of the router", func() bool { _, n := p.running(); return n == 0 })
	empty()
	p.do("system", "start")
	p.do("listener", "create", "backend", "9", "--host", "127.0.0.1")
	p.do("token", "issue", token)
	fill()
	p.do("site", "delete", "--all")
	p.do("system", "uninstall", "--force")
}

// The same where the user may not write.
func TestDirectoryReadOnly(t *testing.T) { // alone: its ports are free for others now and then
	if os.Getuid() == 0 {
		t.Log("as root, with a read-only file system")
	}
	p := in(t, "west")
	p.do("site", "create", "west")
	lock := p.dir("input", "resources")
	if os.Getuid() == 0 {
		if err := syscall.Mount(lock, lock, "", syscall.MS_BIND, ""); err != nil {
			t.Skipf("NOT TESTED: a read-only directory needs a mount, as root: %v", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(lock, syscall.MNT_DETACH) })
		if err := syscall.Mount(lock, lock, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Skipf("NOT TESTED: %v", err)
		}
	} else {
		if err := os.Chmod(lock, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(lock, 0o700) })
	}
	p.refuses(1, "(read-only file system|permission denied)\ntry: ", "listener", "create", "backend", "9", "--host", "127.0.0.1")
	p.shows(patience, `west +Ready`, "site", "status")
	p.do("system", "stop")
	p.do("system", "start")
}

// A disk that becomes full while a site is made is named, and that there has to be room, wherever that happens; no name is shown that
// nobody knows. Then the same command does it.
func TestDiskFullInTheMiddle(t *testing.T) { // alone: its ports are free for others now and then
	for _, size := range []string{"8k", "20k", "52k", "84k", "108k"} {
		t.Run(size, func(t *testing.T) {
			p, _, _ := small(t)
			resize := func(size string) {
				if err := syscall.Mount("", p.home.Dir, "", syscall.MS_REMOUNT, "size="+size); err != nil {
					t.Fatal(err)
				}
			}
			resize(size)
			r := p.try("site", "create", "west", "--enable-link-access")
			if r.code != 1 || !regexp.MustCompile(`no space left on device\ntry: make room on the file system of `+p.home.Dir+`.*; then: .*system start`).MatchString(r.err) || strings.Contains(r.err, ".tmp") {
				t.Errorf("ended with %d and said %q", r.code, r.err)
			}
			resize("4m")
			p.do("site", "create", "west", "--enable-link-access")
			p.do("site", "delete", "--all")
		})
	}
}
