//go:build podman

package podman

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// archiveEnv names an archive, as podman save writes it, of the image of another router, such as skupper-router.
const archiveEnv = "SKUPPER_TEST_ROUTER_IMAGE"

// A site runs another router's image, and changes it while it runs.
func TestOtherRouter(t *testing.T) {
	archive := os.Getenv(archiveEnv)
	if archive == "" {
		t.Skip("NOT TESTED: " + archiveEnv + " names no archive of a router's image")
	}
	engine.do(t, "load", "-q", "-i", archive)
	image := engine.do(t, "images", "--format", "{{.Repository}}:{{.Tag}}")
	defer engine.do(t, "rmi", image)
	p := in(t, "other").with("SKUPPER_ENGINE=image", "SKUPPER_ROUTER_IMAGE="+image)
	p.do("site", "create", "other", "--enable-link-access")
	p.shows(`router +`+image, "version")
	port := free(t)
	p.do("connector", "create", "echo", serve(t))
	p.do("listener", "create", "echo", port)
	flows(t, port)
	pid := engine.do(t, "inspect", "--format", "{{.State.Pid}}", p.container())
	p.do("system", "reload")
	flows(t, port)
	if now := engine.do(t, "inspect", "--format", "{{.State.Pid}}", p.container()); now != pid {
		t.Errorf("process %s, then %s: a reload is no reason to restart", pid, now)
	}
	p.do("site", "delete", "other", "--all")
	engine.nothingLeft(t)
}

// An image whose program ends at once is named with its last words, tried again in peace, and not for ever: another image
// mends it.
func TestRouterEnds(t *testing.T) {
	bad := badImage(t)
	p := in(t, "bad").with("SKUPPER_ENGINE=image", "SKUPPER_ROUTER_IMAGE="+bad)
	p.refuses(1, `(?s)site bad is stored, but cannot be started: .*bad-skupper-router.*its log ends with: .*no-such-verb`, "site", "create", "bad")
	p.shows(`Pending .*Not Running`, "site", "status")
	p.do("site", "delete", "bad")
	engine.nothingLeft(t)
	p.with("SKUPPER_ENGINE=embedded").do("site", "create", "bad")
	p.do("site", "delete", "bad")
	engine.nothingLeft(t)
}

// badImage is an image whose program ends at once. It is there until the test ends.
func badImage(t *testing.T) string {
	t.Helper()
	const name = "localhost/bad:1"
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "cf", filepath.Join(dir, "i.tar"), "-C", filepath.Dir(program), filepath.Base(program)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	engine.do(t, "import", "-c", `ENTRYPOINT ["/podman-skupper","no-such-verb"]`, filepath.Join(dir, "i.tar"), name)
	t.Cleanup(func() { engine.do(t, "rmi", "-f", name) })
	return name
}
