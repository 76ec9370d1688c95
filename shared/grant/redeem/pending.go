package redeem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/token"
)

// Pending keeps the keys of redemptions under way. The key is kept before the token is shown to anybody, and forgotten
// after what it was redeemed for is stored: whatever happens between, the same claim can be made again.
//
// An id is 32 hexadecimal digits. Methods may be called by several goroutines, and processes.
type Pending interface {
	// Keep stores key (PEM) under id, readable by its owner alone, and returns it; if there is one under that id
	// already, it returns that instead and stores nothing. When it returns, a crash does not undo what it stored.
	Keep(ctx context.Context, id string, key []byte) (kept []byte, err error)

	// Forget removes the key under id. That there is none is no error.
	Forget(ctx context.Context, id string) error
}

// pendingID names the claim of a token: the same file gives the same id, and the id tells nothing of the code.
func pendingID(t token.Token) string {
	h := sha256.New()
	for _, part := range []string{"skupper redemption", t.Name, t.URL, t.Code} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Dir keeps keys as files in a directory, which is made when it is needed, with mode 0700.
type Dir string

var _ Pending = Dir("")

// Keep implements Pending.
func (d Dir) Keep(_ context.Context, id string, key []byte) ([]byte, error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return nil, fmt.Errorf("keep the key of a redemption: %w", err)
	}
	file := d.file(id)
	kept, err := os.ReadFile(file)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	// Written under a name of its own and then linked to its place: of two processes one is first, and the other sees
	// the whole of what that wrote.
	tmp, err := atomicfile.MakeDir(file)
	if err != nil {
		return nil, fmt.Errorf("keep the key of a redemption: %w", err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a leftover does no harm
	fresh := filepath.Join(tmp, "key")
	if err := atomicfile.Write(fresh, 0o600, key); err != nil {
		return nil, fmt.Errorf("keep the key of a redemption: %w", err)
	}
	if err := os.Link(fresh, file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep the key of a redemption: %w", err)
	}
	if err := syncDir(string(d)); err != nil {
		return nil, fmt.Errorf("keep the key of a redemption: %w", err)
	}
	return os.ReadFile(file)
}

// Forget implements Pending.
func (d Dir) Forget(_ context.Context, id string) error {
	if err := os.Remove(d.file(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the key of a redemption: %w", err)
	}
	return nil
}

func (d Dir) file(id string) string { return filepath.Join(string(d), filepath.Base(id)+".key") }

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// memory is the Pending of a client that has none.
type memory struct {
	mu   sync.Mutex
	keys map[string][]byte
}

func (m *memory) Keep(_ context.Context, id string, key []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kept, ok := m.keys[id]; ok {
		return kept, nil
	}
	m.keys = map[string][]byte{id: key}
	return key, nil
}

func (m *memory) Forget(context.Context, string) error { return nil }
