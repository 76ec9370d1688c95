//go:build podman

package podman

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Images are carried in a file to a machine that reaches no registry.
func TestImages(t *testing.T) {
	p := in(t, "air")
	dir := t.TempDir()
	archive := filepath.Join(dir, "images.tar")
	if r := p.do("system", "images", "list", "--format", "{{.Component}} {{.From}} {{.Here}}"); r.out != "router this program no\n" {
		t.Errorf("listed %q", r.out)
	}
	p.do("system", "images", "save", archive)
	image := strings.TrimSpace(p.do("system", "images", "list", "--format", "{{.Image}}").out)
	if r := p.do("system", "images", "list", "--noheading"); !strings.HasSuffix(r.out, "yes\n") {
		t.Errorf("listed %q", r.out)
	}
	engine.do(t, "tag", image, "localhost/air/router:1")
	named := p.with("SKUPPER_ROUTER_IMAGE=localhost/air/router:1", "SKUPPER_ENGINE=image", "SKUPPER_ROUTER_IMAGE_PULL_POLICY=Never")
	named.do("system", "images", "save", archive)
	engine.do(t, "rmi", "-f", "localhost/air/router:1")
	if all := engine.do(t, "images", "--format", "{{.Repository}}"); strings.Contains(all, "air/router") {
		t.Fatalf("there are %s", all)
	}
	named.refuses(4, `no image localhost/air/router:1 here, and it is not to be pulled`, "system", "images", "save", filepath.Join(dir, "none.tar"))
	if _, err := os.Stat(filepath.Join(dir, "none.tar")); err == nil {
		t.Error("half a file is left")
	}
	if r := named.do("system", "images", "load", archive); r.out != "localhost/air/router:1\n" {
		t.Errorf("loaded %q", r.out)
	}
	named.do("site", "create", "air")
	named.shows(`Ready +OK`, "site", "status")
	named.do("site", "delete", "air")

	full := filepath.Join(dir, "full") // a device such as /dev/full
	if err := syscall.Mknod(full, syscall.S_IFCHR|0o666, 1<<8|7); err == nil {
		p.refuses(1, `no space left`, "system", "images", "save", full)
		if info, err := os.Lstat(full); err != nil || info.Mode()&os.ModeCharDevice == 0 {
			t.Errorf("the device has become %v, %v", info, err)
		}
	}
	if r := p.do("system", "images", "save", "-"); !strings.Contains(r.out, "manifest.json") || !strings.Contains(r.err, "it has "+image) {
		t.Errorf("%d octets on stdout, and %q", len(r.out), r.err)
	}

	bad := filepath.Join(dir, "bad.tar")
	if err := os.WriteFile(bad, []byte("this is no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := p.try("system", "images", "load", bad); r.code == 0 || !strings.Contains(r.err, "load "+bad) || !strings.Contains(r.err, "try: ") {
		t.Errorf("ended with %d and said %q", r.code, r.err)
	}
	p.refuses(4, `read `+filepath.Join(dir, "no"), "system", "images", "load", filepath.Join(dir, "no"))
	p.refuses(2, `a site on platform linux needs no images`, "system", "images", "list", "--platform", "linux")
	engine.do(t, "rmi", "-f", "localhost/air/router:1")
	_, _ = engine.Try(t.Context(), "rmi", "-f", image)
	engine.nothingLeft(t)
}
