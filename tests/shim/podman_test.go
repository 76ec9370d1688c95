//go:build unix

package shim

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ordinary are things that people do with podman, in this order: a line each, words between blanks, "<x" gives x as standard input.
const ordinary = `
--version
version
version --format {{.Client.Version}}
--help
help run
run --help
image --help
ps
ps -a --format json
ps --filter bogus=x
images
images -q --noheading
image ls --format {{.ID}}
import - localhost/empty:1 </dev/null
volume create vol
volume ls --noheading
volume inspect vol --format {{.Name}}
volume rm vol
volume rm vol
network ls --format {{.Name}}
pod ps --format json
secret create s - <hush
secret ls --format {{.Name}}
secret rm s
inspect none
rm none
rm -f none
stop none
logs none
exec none ls
run --pull=never localhost/none
create --pull=bogus x
run
tag none b
bogus
--bogus
--log-level bogus ps
--log-level error ps -q
__complete volu
__completeNoDesc run --ne
completion bash
container exists none
image exists none
`

// TestRealPodman runs them with the shim and without, on storage of its own each time.
func TestRealPodman(t *testing.T) {
	podman, err := exec.LookPath("podman")
	if err != nil {
		t.Skip("SKIPPED: no podman on this machine, so the shim is tried with a recorder only")
	}
	p := place(t)
	lines := strings.Split(strings.TrimSpace(ordinary), "\n")
	if len(lines) < 30 {
		t.Fatalf("%d invocations, want 30 or more", len(lines))
	}
	type result struct {
		out, err string
		code     int
	}
	play := func(program string) (results []result) {
		dir, err := os.MkdirTemp("", "shim") //nolint:usetesting // the paths of sockets are short
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			cmd := exec.Command(podman, "unshare", "rm", "-rf", dir) // files of a user's containers belong to others
			if os.Getuid() == 0 {
				cmd = exec.Command("rm", "-rf", dir)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("remove %s: %v: %s", dir, err, out)
			}
		}()
		conf := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", filepath.Join(dir, "root"), filepath.Join(dir, "run"))
		if err := os.WriteFile(filepath.Join(dir, "storage.conf"), []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		engine := fmt.Sprintf("[engine]\nevents_logger = \"none\"\nvolume_path = %q\nstatic_dir = %q\ntmp_dir = %q\n[network]\nnetwork_config_dir = %q\n",
			filepath.Join(dir, "vol"), filepath.Join(dir, "libpod"), filepath.Join(dir, "tmp"), filepath.Join(dir, "net"))
		if err := os.WriteFile(filepath.Join(dir, "containers.conf"), []byte(engine), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			line, in, _ := strings.Cut(line, " <")
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Args = append([]string{"podman"}, strings.Fields(line)...)
			cmd.Env = append(os.Environ(), "PATH="+p.shim+":"+filepath.Dir(podman)+":"+os.Getenv("PATH"), "TMPDIR="+dir, "HOME="+dir,
				"CONTAINERS_STORAGE_CONF="+filepath.Join(dir, "storage.conf"), "CONTAINERS_CONF="+filepath.Join(dir, "containers.conf"))
			if in != "/dev/null" {
				cmd.Stdin = strings.NewReader(in)
			}
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errs, dir
			_ = cmd.Run() // the exit code is compared
			results = append(results, result{steady(out.String(), dir), steady(errs.String(), dir), cmd.ProcessState.ExitCode()})
		}
		return results
	}
	with, without := play(filepath.Join(p.shim, "podman")), play(podman)
	codes := map[int]bool{}
	for i, line := range lines {
		if with[i] != without[i] {
			t.Errorf("podman %s\nwith the shim: %+v\nwithout: %+v", line, with[i], without[i])
		}
		codes[without[i].code] = true
	}
	if !codes[0] || !codes[1] || !codes[125] {
		t.Errorf("exit codes %v: the invocations do not tell one end from another", codes)
	}
}

// random are the names that podman makes up.
var random = regexp.MustCompile(`\b[0-9a-f]{12,64}\b`)

// steady is a text without what differs from one run of the same podman to the next.
func steady(text, dir string) string {
	return random.ReplaceAllString(strings.ReplaceAll(text, dir, "DIR"), "ID")
}
