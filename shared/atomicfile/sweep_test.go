package atomicfile

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, want := range map[string]bool{ // whether it stays
		".x.yaml.123.tmp": false, "certs/.a.17.tmp/tls.key": false, "internal/.state.json.9.tmp": false,
		"internal/pending/.77.1.tmp/key": false,
		"x.yaml":                         true, ".hidden": true, "x.tmp": true, "certs/a/tls.key": true, "input/.young.1.tmp": true,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "input/.young.1.tmp" {
			old := now.Add(-sweepAge)
			for _, p := range []string{path, filepath.Dir(path)} {
				if err := os.Chtimes(p, old, old); err != nil {
					t.Fatal(err)
				}
			}
		}
		defer func() {
			if _, err := os.Stat(path); (err == nil) != want {
				t.Errorf("%s stays: %v, want %v", name, err == nil, want)
			}
		}()
	}
	Sweep(dir, now)
	Sweep(filepath.Join(dir, "none"), now)
}

// TestSweepByWriter takes away at once what a dead writer left, and nothing of one that lives.
func TestSweepByWriter(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED on Windows: only the age decides there")
	}
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mine, err := MakeDir(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	own := "." + strconv.Itoa(os.Getpid()) + "-"
	if !strings.Contains(mine, own) {
		t.Fatalf("%s does not tell of its writer", mine)
	}
	theirs := strings.Replace(mine, own, "."+strconv.Itoa(dead.Process.Pid)+"-", 1)
	elsewhere := strings.Replace(theirs, "-"+pidSpace()+".", "-1.", 1) // its numbers mean nothing here
	for _, path := range []string{theirs, elsewhere} {
		if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(dir, time.Now())
	for path, want := range map[string]bool{mine: true, theirs: false, elsewhere: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	Sweep(dir, time.Now().Add(sweepAge+time.Second))
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
