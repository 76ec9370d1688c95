package router

import (
	"runtime"
	"runtime/debug"
	"time"
)

// trimmer gives memory back to the system when a crowd of TCP connections has gone: the runtime itself would keep it for minutes.
type trimmer struct {
	peak  int
	quiet time.Time // since when the number has been low
	again time.Time // when what is left of a crowd by then is given back; zero: there was none
}

// Bounds of giving memory back.
const (
	trimCrowd = 500             // connections that must have been there
	trimQuiet = 2 * time.Second // after they have gone
	// trimAgain is how long after that once more: the links that carried them go later.
	trimAgain = 10 * time.Second
)

// look counts connections and calls run when it is time. It runs on the core's goroutine.
func (t *trimmer) look(now time.Time, open int, run func()) {
	if !t.again.IsZero() && !now.Before(t.again) {
		t.again = time.Time{}
		run()
		return
	}
	switch {
	case open >= t.peak:
		t.peak, t.quiet = open, time.Time{}
	case t.peak < trimCrowd || open > t.peak/4:
		t.quiet = time.Time{}
	case t.quiet.IsZero():
		t.quiet = now
	case now.Sub(t.quiet) >= trimQuiet:
		t.peak, t.quiet, t.again = open, time.Time{}, now.Add(trimAgain)
		run()
	}
}

// openFlows is the number of TCP connections of all listeners and connectors.
func (r *Router) openFlows() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, t := range r.tcpIn {
		n += int(t.l.Opened.Load() - t.l.Closed.Load())
	}
	for _, t := range r.tcpOut {
		n += int(t.k.Opened.Load() - t.k.Closed.Load())
	}
	return n
}

// trim gives memory back, once at a time. It takes the runtime a while, and the core has other things to do.
func (r *Router) trim() {
	if r.trimming.CompareAndSwap(false, true) {
		r.trims.Go(func() {
			defer r.trimming.Store(false)
			runtime.GC() // what is in pools outlives one look
			debug.FreeOSMemory()
		})
	}
}
