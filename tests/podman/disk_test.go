//go:build podman

package podman

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// On a full disk a site in a container is not half-made, and what runs goes on.
func TestDiskFull(t *testing.T) {
	p := in(t, "full")
	if err := syscall.Mount("tmpfs", p.home.Dir, "tmpfs", 0, "size=2m,mode=755"); err != nil {
		t.Skipf("NOT TESTED: a full disk needs a file system to be mounted: %v", err)
	}
	t.Cleanup(func() {
		p.try("system", "uninstall", "--force")
		if err := syscall.Unmount(p.home.Dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(p.home.Dir, "ballast")
	fill := func() {
		f, err := os.OpenFile(ballast, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(bytes.Repeat([]byte{1}, 4096))
		}
		_ = f.Close() // it is full
	}
	empty := func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	says := `no space left on device\ntry: make room on the file system of ` + p.home.Dir
	fill()
	p.refuses(1, says, "site", "create", "full")
	p.noSite()
	engine.nothingLeftOf(t, p.container())
	empty()
	p.do("site", "create", "full")
	port := free(t)
	p.do("connector", "create", "echo", serve(t))
	p.do("listener", "create", "echo", port)
	flows(t, port)
	fill()
	p.refuses(1, says, "listener", "create", "more", free(t))
	// Whether a reload finds something to write is not ours to say; if it fails it names the place, and all runs on.
	if r := p.try("system", "reload"); r.code != 0 {
		p.refuses(r.code, `no space left on device\ntry: make room on the file system of `+p.home.Dir, "system", "reload")
	}
	flows(t, port)
	engine.do(t, "rm", "-f", p.container())
	soon(t, "it is there again", func() bool { return echo(port) == nil })
	empty()
	p.do("system", "reload")
	p.do("site", "delete", "full")
	engine.nothingLeft(t)
}
