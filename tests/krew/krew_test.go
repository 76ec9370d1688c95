//go:build krew

package krew

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// place is a home without krew, beside a server that has the archives of a release.
type place struct {
	t        *testing.T
	root     string // of the checkout
	home     string
	manifest string
	damaged  atomic.Bool // the server changes an octet of what it gives
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, root: os.Getenv("SKUPPER_ROOT"), home: t.TempDir()}
	dist := os.Getenv("SKUPPER_DIST")
	if dist == "" || p.root == "" {
		t.Fatal("SKUPPER_DIST and SKUPPER_ROOT are not set; next: scripts/krew-test.sh")
	}
	files := http.FileServer(http.Dir(dist))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.damaged.Load() {
			files.ServeHTTP(w, r)
			return
		}
		data, err := os.ReadFile(filepath.Join(dist, filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		data[len(data)/2] ^= 1
		_, _ = w.Write(data) // krew tells if that fails
	}))
	t.Cleanup(server.Close)
	text, err := p.run([]string{"BASE=" + server.URL}, filepath.Join(p.root, "scripts", "krew.sh"), dist)
	if err != nil {
		t.Fatalf("manifest: %v\n%s", err, text)
	}
	p.manifest = filepath.Join(p.home, "skupper.yaml")
	if err := os.WriteFile(p.manifest, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs a program in the home, and gives what it says.
func (p *place) run(env []string, program string, args ...string) (string, error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(append(os.Environ(), "KREW_ROOT="+filepath.Join(p.home, "krew"), "KREW_NO_UPGRADE_CHECK=1"), env...)
	var out, words strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &words
	err := cmd.Run()
	if err != nil {
		return out.String() + words.String(), err
	}
	return out.String(), nil
}

// tool runs a pinned tool.
func (p *place) tool(args ...string) (string, error) {
	p.t.Helper()
	return p.run(nil, filepath.Join(p.root, "scripts", "tool.sh"), args...)
}

func (p *place) plugin() string { return filepath.Join(p.home, "krew", "bin", "kubectl-skupper") }

// TestManifest is what the index of krew asks of a manifest.
func TestManifest(t *testing.T) {
	p := newPlace(t)
	if out, err := p.tool("validate-krew-manifest", "-skip-install", "-manifest", p.manifest); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(p.manifest)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "@") || len(regexp.MustCompile(`(?m)^    sha256: "[0-9a-f]{64}"$`).FindAllString(string(text), -1)) != 6 {
		t.Errorf("the manifest is not filled in:\n%s", text)
	}
}

// TestInstall installs from the server, runs what was installed, and takes it away again.
func TestInstall(t *testing.T) {
	p := newPlace(t)
	if out, err := p.tool("krew", "install", "--manifest="+p.manifest); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	out, err := p.run(nil, p.plugin(), "version")
	if err != nil || !strings.Contains(out, manifestVersion(t, p.manifest)) {
		t.Errorf("version: %v\n%s", err, out)
	}
	if kubectl, err := exec.LookPath("kubectl"); err == nil {
		path := "PATH=" + filepath.Dir(p.plugin()) + string(os.PathListSeparator) + os.Getenv("PATH")
		again, err := p.run([]string{path}, kubectl, "skupper", "version")
		if err != nil || again != out {
			t.Errorf("kubectl skupper version: %v\n%s", err, again)
		}
	} else {
		t.Log("SKIPPED: kubectl skupper, as there is no kubectl")
	}
	// Listing needs an index, which otherwise comes from the network: an empty one will do.
	if err := os.MkdirAll(filepath.Join(p.home, "krew", "index", "default", ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	if list, err := p.tool("krew", "list"); err != nil || !strings.Contains(list, "skupper") {
		t.Errorf("list: %v\n%s", err, list)
	}
	if out, err := p.tool("krew", "uninstall", "skupper"); err != nil {
		t.Errorf("uninstall: %v\n%s", err, out)
	}
	if _, err := os.Lstat(p.plugin()); err == nil {
		t.Error("the plugin is still there")
	}
}

// TestInstallArchive installs from an archive that is at hand.
func TestInstallArchive(t *testing.T) {
	p := newPlace(t)
	archives, err := filepath.Glob(filepath.Join(os.Getenv("SKUPPER_DIST"), "kubectl-skupper_*_"+runtime.GOOS+"_"+runtime.GOARCH+".*"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("archives for this machine: %q, %v", archives, err)
	}
	if out, err := p.tool("krew", "install", "--manifest="+p.manifest, "--archive="+archives[0]); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	if out, err := p.run(nil, p.plugin(), "version"); err != nil {
		t.Errorf("version: %v\n%s", err, out)
	}
}

// TestDamaged installs nothing of an archive that is not the one of the release.
func TestDamaged(t *testing.T) {
	p := newPlace(t)
	p.damaged.Store(true)
	if out, err := p.tool("krew", "install", "--manifest="+p.manifest); err == nil || !strings.Contains(out, "checksum") {
		t.Errorf("install: %v\n%s", err, out)
	}
	if _, err := os.Lstat(p.plugin()); err == nil {
		t.Error("the plugin is there")
	}
}

// manifestVersion is the version that a manifest says.
func manifestVersion(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^  version: v(.*)$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("no version in\n%s", text)
	}
	return string(m[1])
}
