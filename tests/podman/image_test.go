//go:build podman

package podman

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
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

// A program for another kind of machine is named as that, in an image that does not say so; one that says so is not even tried, and is
// named when it is loaded and listed.
func TestOtherMachine(t *testing.T) {
	foreign := foreignProgram(t)
	image(t, foreign, "localhost/lies:1", `ENTRYPOINT ["/router"]`)
	p := in(t, "arch").with("SKUPPER_ENGINE=image", "SKUPPER_ROUTER_IMAGE=localhost/lies:1")
	p.refuses(1, `exec format error.*the program in image localhost/lies:1 is not for this machine: pull or load the one for `+runtime.GOARCH, "site", "create", "arch")
	p.shows(`is not for this machine`, "site", "status")
	p.do("site", "delete", "arch")
	engine.nothingLeft(t)

	archive := relabelled(t, "localhost/lies:1", "localhost/other:1", "riscv64")
	p = p.with("SKUPPER_ROUTER_IMAGE=localhost/other:1")
	const says = "image localhost/other:1 is for riscv64, and this machine is " + runtime.GOARCH
	if r := p.do("system", "images", "load", archive); !strings.Contains(r.err, says) {
		t.Errorf("load says %q", r.err)
	}
	t.Cleanup(func() { engine.do(t, "rmi", "-f", "localhost/other:1") })
	if r := p.do("system", "images", "list"); !strings.Contains(r.err, says) {
		t.Errorf("list says %q", r.err)
	}
	p.refuses(1, says+`\ntry: pull or load the one for `+runtime.GOARCH, "site", "create", "arch")
	p.noSite()
	engine.nothingLeft(t)
}

// foreignProgram is a program as those of another kind of machine are.
func foreignProgram(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	const machine = 18 // where an ELF file says for which kind it is
	other := elf.EM_AARCH64
	if runtime.GOARCH == "arm64" {
		other = elf.EM_X86_64
	}
	binary.LittleEndian.PutUint16(text[machine:], uint16(other))
	file := filepath.Join(t.TempDir(), "router")
	if err := os.WriteFile(file, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// relabelled is an archive of an image under another name, which says that it is for another kind of machine.
func relabelled(t *testing.T, image, name, arch string) string {
	t.Helper()
	dir := t.TempDir()
	saved, unpacked, archive := filepath.Join(dir, "saved.tar"), filepath.Join(dir, "i"), filepath.Join(dir, "i.tar")
	engine.do(t, "save", "-o", saved, image)
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	run("mkdir", unpacked)
	run("tar", "xf", saved, "-C", unpacked)
	var manifest []map[string]any
	into(t, filepath.Join(unpacked, "manifest.json"), &manifest)
	config := filepath.Join(unpacked, manifest[0]["Config"].(string))
	var says map[string]any
	into(t, config, &says)
	says["architecture"] = arch
	text, err := json.Marshal(says)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	manifest[0]["Config"], manifest[0]["RepoTags"] = hex.EncodeToString(sum[:])+".json", []string{name}
	all, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{config, filepath.Join(unpacked, "repositories")} {
		if err := os.Remove(gone); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for file, text := range map[string][]byte{manifest[0]["Config"].(string): text, "manifest.json": all} {
		if err := os.WriteFile(filepath.Join(unpacked, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run("tar", "cf", archive, "-C", unpacked, ".")
	return archive
}

func into(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// badImage is an image whose program ends at once. It is there until the test ends.
func badImage(t *testing.T) string {
	t.Helper()
	const name = "localhost/bad:1"
	image(t, program, name, `ENTRYPOINT ["/podman-skupper","no-such-verb"]`)
	return name
}

// image makes an image of a program, which is there until the test ends.
func image(t *testing.T, program, name, change string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "cf", filepath.Join(dir, "i.tar"), "-C", filepath.Dir(program), filepath.Base(program)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	engine.do(t, "import", "-c", change, filepath.Join(dir, "i.tar"), name)
	t.Cleanup(func() { engine.do(t, "rmi", "-f", name) })
}
