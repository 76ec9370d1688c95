// Package logfile is a log that cannot fill the disk: one file of bounded size and the one before it.
package logfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// MaxSize is the size in octets at which a log begins anew; twice that is what it takes on disk.
const MaxSize = 4 << 20

// File is a log file. All methods are safe for concurrent use.
type File struct {
	mu     sync.Mutex
	f      *os.File
	path   string
	size   int64
	limit  int64
	opened func(*os.File) // told of each new file
}

// Open appends to the log at path, which only the user can read. If opened is not nil it is called with each file that
// is opened, the first one included, for instance to send standard error there too.
func Open(path string, opened func(*os.File)) (*File, error) {
	l := &File{path: path, limit: MaxSize, opened: opened}
	if err := l.open(); err != nil {
		return nil, err
	}
	if l.size >= l.limit {
		l.rotate()
	}
	return l, nil
}

func (l *File) open() error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("open log: %w", err)
	}
	l.f, l.size = f, info.Size()
	if l.opened != nil {
		l.opened(f)
	}
	return nil
}

// rotate begins a new file. If it cannot, the old one goes on: a log that is too long is better than none.
func (l *File) rotate() {
	if os.Rename(l.path, l.path+".1") != nil {
		l.size = 0 // try again only after as much again
		return
	}
	old := l.f
	if l.open() != nil {
		l.f, l.size = old, 0
		return
	}
	_ = old.Close()
}

// Write appends p. It never fails for want of room, so that a full disk does not stop who logs: p is dropped then.
func (l *File) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(p)) > l.limit {
		l.rotate()
	}
	n, _ := l.f.Write(p)
	l.size += int64(n)
	return len(p), nil
}

// Close closes the file.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}

// Tail is the last lines of a log, at most n, or nothing if it cannot be read.
func Tail(path string, n int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	const most = 16 << 10 // octets looked at
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	b := make([]byte, min(info.Size(), most))
	m, err := f.ReadAt(b, info.Size()-int64(len(b)))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	text := strings.TrimRight(string(b[:m]), "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-n):]
}
