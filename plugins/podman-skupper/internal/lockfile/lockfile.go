// Package lockfile has locks between processes that end with the process that holds them, however it ends.
package lockfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// ErrHeld says that another process, or another part of this one, holds the lock.
var ErrHeld = errors.New("lock is held")

// Lock is a held lock. The file stays when it is released: removing it would let two processes hold "the" lock at once.
type Lock struct{ f *os.File }

// Try takes the lock at path, whose directory must exist, or fails with ErrHeld at once.
func Try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, atomicfile.Explain("open lock", path, err)
	}
	if err := flock(f, exclusive); err != nil {
		_ = f.Close()
		if errors.Is(err, ErrHeld) {
			return nil, ErrHeld
		}
		return nil, atomicfile.Explain("lock", path, err)
	}
	return &Lock{f}, nil
}

// How a lock is taken.
const (
	exclusive = iota
	shared
)

// Held tells whether somebody has the lock at path, without making the file. It is false where that cannot be said.
func Held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()            // and with it the lock, if it was free
	return errors.Is(flock(f, shared), ErrHeld) // others may look at the same time
}

// Take is Try, but waits for the lock until ctx ends; then it fails with a fault.Late that wraps ctx's error.
func Take(ctx context.Context, path string) (*Lock, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		l, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fault.Wrap(fault.Late, fmt.Sprintf("wait for the lock in %s", filepath.Dir(path)), ctx.Err(),
				"another command is writing there; try again")
		case <-time.After(pause):
		}
	}
}

// File is the locked file, to read or write what the holder says of itself.
func (l *Lock) File() *os.File { return l.f }

// Standing tells whether the lock still is the one that others would take: it is not once its file was removed, as when
// somebody deletes the whole directory.
func (l *Lock) Standing() bool {
	mine, err := l.f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(l.f.Name())
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	return err != nil || os.SameFile(mine, now) // an error that says nothing is no reason to end
}

// Release gives the lock back. A nil lock has nothing to give back.
func (l *Lock) Release() {
	if l != nil {
		_ = l.f.Close() // closing the only descriptor ends the lock
	}
}
