package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Home is the data home of one installation, for SKUPPER_HOME.
type Home struct{ Dir string }

// New makes a home that is removed, and whose processes are ended, when the test is over. Its path is short, because the
// path of a unix socket holds about 100 octets and t.TempDir takes most of them for the test's name.
func New(tb testing.TB) Home {
	tb.Helper()
	h, err := Make()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Remove(context.Background()); err != nil { // tb.Context has ended by now
			tb.Error(err)
		}
	})
	return h
}

// Make makes a home for who has no test at hand; Remove is then the caller's.
func Make() (Home, error) {
	dir, err := os.MkdirTemp("", "sk")
	if err != nil {
		return Home{}, err
	}
	dir, err = filepath.EvalSymlinks(dir) // macOS: /var is /private/var
	return Home{Dir: dir}, err
}

// Env is the environment of the test with this home, and without whatever else would choose another site or have a
// container engine run it.
func (h Home) Env() []string {
	var env []string
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, "SKUPPER_") && !strings.HasPrefix(name, "XDG_") {
			env = append(env, kv)
		}
	}
	return append(env, "SKUPPER_PLATFORM=linux", "SKUPPER_HOME="+h.Dir, "GORACE="+h.RaceReports())
}

// RaceReports is the value of GORACE with which programs built under the race detector report into the home, where Remove
// finds it: what a detached process writes on its standard error nobody sees.
func (h Home) RaceReports() string { return "log_path=" + filepath.Join(h.Dir, "race") }

// Remove ends the processes of the home and removes it. It fails if one of them reported a data race.
func (h Home) Remove(ctx context.Context) error {
	err := h.End(ctx)
	reports, _ := filepath.Glob(filepath.Join(h.Dir, "race.*")) // the pattern is well-formed
	for _, r := range reports {
		text, readErr := os.ReadFile(r)
		err = errors.Join(err, readErr, fmt.Errorf("data race in a process: %s", text))
	}
	for range 3 { // a process that was ended may have been writing
		rmErr := os.RemoveAll(h.Dir)
		if rmErr == nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.Join(err, os.RemoveAll(h.Dir))
}

// End asks every process of the home to end, and kills those that have not after 5 seconds. An agent may start a router
// while it is looked for, so it looks again until it finds none; it gives up after 15 seconds.
func (h Home) End(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	began, asked := time.Now(), map[int]bool{}
	for {
		pids := h.Processes()
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			p, err := os.FindProcess(pid)
			if err != nil {
				continue
			}
			if time.Since(began) > 5*time.Second {
				_ = p.Kill() // it may have gone by itself: the next look tells
			} else if !asked[pid] {
				asked[pid] = true
				if p.Signal(syscall.SIGTERM) != nil { // there is no such signal on Windows
					_ = p.Kill()
				}
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes %v of %s do not end: %w", pids, h.Dir, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
