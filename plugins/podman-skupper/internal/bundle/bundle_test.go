package bundle

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLeftovers: of a bundle that could not be made nothing stays, here or in the directory of temporary files, and what is left of one
// that was killed, which has private keys, goes with the next.
func TestLeftovers(t *testing.T) {
	temp, dir := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	long := time.Now().Add(-time.Hour)
	for name, then := range map[string]time.Time{".a.tar.gz.1-1.1.tmp": long, ".b.tar.gz.1-1.2.tmp": time.Now(), "c.tar.gz": long} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("key"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	s := Source{Resources: t.TempDir(), Namespace: "west", Now: time.Now()}
	if _, err := s.Write(t.Context(), filepath.Join(dir, "d.tar.gz"), Tarball); err == nil {
		t.Error("made of nothing")
	}
	for where, want := range map[string]int{temp: 0, dir: 2} { // one that may be at work, and a bundle
		if all, err := os.ReadDir(where); err != nil || len(all) != want {
			t.Errorf("%s has %v, %v", where, all, err)
		}
	}
}
