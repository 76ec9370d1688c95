package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// gauges are what a router holds.
type gauges struct {
	memory     int64 // resident, octets
	files      int
	threads    int
	goroutines int // -1 if the router does not tell
	buffers    int // that octets of flows wait in; -1 likewise
}

// How much more than at rest a router may hold in the end: what its runtime keeps for later, and links made anew.
const (
	moreMemory     = 64 << 20 // octets
	moreFiles      = 16
	moreThreads    = 32
	moreGoroutines = 48
	moreBuffers    = 8
)

// read asks the kernel, and the router's metrics at url.
func read(ctx context.Context, pid int, url string) (g gauges, err error) {
	var errs [3]error
	g.memory, errs[0] = proc.Memory(pid)
	g.files, errs[1] = proc.Files(pid)
	g.threads, errs[2] = proc.Threads(pid)
	g.goroutines, g.buffers = metrics(ctx, url)
	return g, errors.Join(errs[:]...)
}

// metrics reads those of a router in the text format of Prometheus; what they do not tell is -1.
func metrics(ctx context.Context, url string) (goroutines, buffers int) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return -1, -1
	}
	req.Close = true // a connection kept would be a file that the router holds
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return -1, -1
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return -1, -1
	}
	return metricsIn(io.LimitReader(res.Body, 1<<20))
}

func metricsIn(text io.Reader) (goroutines, buffers int) {
	goroutines, buffers = -1, -1
	for s := bufio.NewScanner(text); s.Scan(); {
		words := strings.Fields(s.Text())
		if len(words) < 2 {
			continue
		}
		f, err := strconv.ParseFloat(words[1], 64)
		switch {
		case err != nil:
		case strings.HasSuffix(words[0], "goroutines"):
			goroutines = int(f)
		case strings.HasSuffix(words[0], "router_buffers"):
			buffers = int(f)
		}
	}
	return goroutines, buffers
}

// beyond says in what g is more than rest allows.
func (g gauges) beyond(rest gauges) error {
	var errs []error
	over := func(what string, got, was, more int64) {
		if got > was+more {
			errs = append(errs, fmt.Errorf("%s: %d, was %d at rest, want at most %d more", what, got, was, more))
		}
	}
	over("memory in MiB", g.memory>>20, rest.memory>>20, moreMemory>>20)
	over("open files", int64(g.files), int64(rest.files), moreFiles)
	over("threads", int64(g.threads), int64(rest.threads), moreThreads)
	if g.goroutines >= 0 && rest.goroutines >= 0 {
		over("goroutines", int64(g.goroutines), int64(rest.goroutines), moreGoroutines)
	}
	if g.buffers >= 0 && rest.buffers >= 0 {
		over("buffers", int64(g.buffers), int64(rest.buffers), moreBuffers)
	}
	return errors.Join(errs...)
}

func (g gauges) String() string {
	s := fmt.Sprintf("%d MiB %d fd %d thr", g.memory>>20, g.files, g.threads)
	if g.goroutines >= 0 {
		s += fmt.Sprintf(" %d gor", g.goroutines)
	}
	if g.buffers >= 0 {
		s += fmt.Sprintf(" %d buf", g.buffers)
	}
	return s
}
