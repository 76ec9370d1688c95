package filestore

import (
	"context"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/skupper-plugins/suite/shared/site"
)

const (
	settle   = 50 * time.Millisecond // after a change, so that those that come together are one event
	pollSlow = 5 * time.Second       // while notifications work: they miss changes made on other machines
	pollFast = 500 * time.Millisecond
)

// Watch implements site.Store.
func (s *Store) Watch(ctx context.Context) (<-chan site.Event, error) {
	return watch(ctx, s.dir.InputResources(), s.dir.RuntimeResources()), nil
}

// WatchInput is Watch for what the user owns only: resources, certificates and CAs.
func (s *Store) WatchInput(ctx context.Context) <-chan site.Event {
	return watch(ctx, s.dir.InputResources(), s.dir.InputCerts(), s.dir.InputIssuers())
}

// WatchDir sends once at the start and after changes of the names in a directory, until ctx ends.
func WatchDir(ctx context.Context, dir string) <-chan site.Event { return watch(ctx, dir) }

// watch starts the goroutine that watches dirs; it ends with ctx and closes the channel.
func watch(ctx context.Context, dirs ...string) <-chan site.Event {
	w := &watcher{dirs: dirs, out: make(chan site.Event, 1)}
	w.out <- site.Event{}
	w.last = w.fingerprint()
	go w.run(ctx)
	return w.out
}

// watcher tells of changes in directories. The system's notifications make it fast; looking again from time to time
// makes it right where they do not come: on network file systems, when there are too many watches, and for
// directories that do not exist yet.
type watcher struct {
	dirs []string
	out  chan site.Event
	last uint64
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.out)
	var events <-chan fsnotify.Event
	var failures <-chan error
	notify, err := fsnotify.NewWatcher()
	if err == nil {
		defer func() { _ = notify.Close() }()
		events, failures = notify.Events, notify.Errors
	}
	watching := map[string]bool{}
	var settled <-chan time.Time
	poll := time.NewTimer(0)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
				if watching[e.Name] { // a directory itself
					delete(watching, e.Name)
					poll.Reset(pollFast)
				}
			}
			if settled == nil {
				settled = time.After(settle)
			}
		case <-failures: // some were lost: look
			if settled == nil {
				settled = time.After(settle)
			}
		case <-settled:
			settled = nil
			w.look()
		case <-poll.C:
			w.look()
			all := notify != nil
			for _, d := range w.dirs {
				if notify != nil && !watching[d] && notify.Add(d) == nil {
					watching[d] = true
				}
				all = all && watching[d]
			}
			if all {
				poll.Reset(pollSlow)
			} else {
				poll.Reset(pollFast)
			}
		}
	}
}

// look sends if anything changed since the last look.
func (w *watcher) look() {
	now := w.fingerprint()
	if now == w.last {
		return
	}
	w.last = now
	select {
	case w.out <- site.Event{}:
	default: // one is waiting to be received, and stands for this one too
	}
}

// fingerprint differs when any file was added, removed, replaced or written to. Directories below count with their
// files: certificates are a directory each.
func (w *watcher) fingerprint() uint64 {
	h := fnv.New64a()
	for _, d := range w.dirs {
		addDir(h.Write, d, 1)
	}
	return h.Sum64()
}

func addDir(write func([]byte) (int, error), dir string, depth int) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		_, _ = write([]byte("!" + dir))
		return
	}
	for i, e := range entries {
		if i == maxFiles {
			return
		}
		if e.Name()[0] == '.' {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		line := e.Name() + "\x00" + info.Mode().String() + strconv.FormatInt(info.ModTime().UnixNano(), 36)
		if !info.IsDir() {
			line += " " + strconv.FormatInt(info.Size(), 36) + " " + inode(info)
		}
		_, _ = write([]byte(line + "\n"))
		if info.IsDir() && depth > 0 {
			addDir(write, filepath.Join(dir, e.Name()), depth-1)
		}
	}
}
