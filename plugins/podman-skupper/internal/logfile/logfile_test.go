package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	opened := 0
	l, err := Open(path, func(*os.File) { opened++ })
	if err != nil {
		t.Fatal(err)
	}
	l.limit = 1000
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 100 {
				_, _ = fmt.Fprintf(l, "line %d\n", i)
			}
		})
	}
	all.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".1"} {
		info, err := os.Stat(p)
		if err != nil || info.Size() > 1000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %+v %v", p, info, err)
		}
	}
	if opened != 4 { // 3,560 octets
		t.Errorf("opened %d files, want 4", opened)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got := Tail(path, 3); got != nil {
		t.Errorf("got %q", got)
	}
	for content, want := range map[string]string{"": "", "a\n": "a", "a\nb\nc\nd\n": "b|c|d", strings.Repeat("x", 20<<10) + "\ny": strings.Repeat("x", 16<<10-2) + "|y"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Tail(path, 3), "|"); got != want {
			t.Errorf("%.20q: got %.20q (%d), want %.20q (%d)", content, got, len(got), want, len(want))
		}
	}
}

func TestRotatesAtStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, make([]byte, MaxSize), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("got %+v, %v", info, err)
	}
}
