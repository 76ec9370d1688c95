package filestore

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, want := range map[string]bool{ // whether it stays
		".x.yaml.123.tmp": false, "certs/.new-17/tls.key": false, "internal/.state.json.9.tmp": false,
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
