//go:build unix

package lockfile

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if Held(path) {
		t.Error("a lock that is not there is held")
	}
	a, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("taken twice: %v", err)
	}
	if !Held(path) {
		t.Error("it is held, and not found so")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Take(ctx, path); fault.KindOf(err) != fault.Late || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	time.AfterFunc(20*time.Millisecond, a.Release)
	b, err := Take(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	if Held(path) {
		t.Error("it is held after its release")
	}
	(*Lock)(nil).Release()
	if _, err := Try(filepath.Join(path, "x")); err == nil {
		t.Error("locked a file below a file")
	}
}
