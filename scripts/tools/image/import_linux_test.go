package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestImport gives an image to containerd, if there is one that can be started.
func TestImport(t *testing.T) {
	for _, program := range []string{"containerd", "ctr"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: %v", err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: containerd needs root")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	conf := filepath.Join(dir, "config.toml")
	// Only what keeps images: no file systems are mounted.
	text := "version = 2\ndisabled_plugins = ['io.containerd.grpc.v1.cri', 'io.containerd.internal.v1.opt', 'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.zfs']\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("containerd", "--config", conf, "--root", filepath.Join(dir, "root"), "--state", filepath.Join(dir, "state"), "--address", socket)
	var log strings.Builder
	daemon.Stdout, daemon.Stderr = &log, &log
	if err := daemon.Start(); err != nil {
		t.Skipf("SKIPPED: containerd does not start: %v", err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	ctr := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "ctr", append([]string{"--address", socket}, args...)...).CombinedOutput()
		return string(out), err
	}
	up := false
	for range 100 {
		if _, err := ctr("version"); err == nil {
			up = true
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !up {
		t.Skip("SKIPPED: containerd does not work here")
	}
	i, args := example(t)
	if err := run(i, args); err != nil {
		t.Fatal(err)
	}
	if out, err := ctr("images", "import", "--all-platforms", "--no-unpack", args[0]); err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
	out, err := ctr("images", "list")
	if err != nil || !strings.Contains(out, i.name+" ") || !strings.Contains(out, "linux/amd64,linux/arm64") {
		t.Errorf("%v: the images are\n%s", err, out)
	}
}
