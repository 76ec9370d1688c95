package router

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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

// slack gives memory back when much of it is there of what has gone, whatever that was, and nothing goes on that would need it: then the runtime, too, does nothing.
type slack struct {
	began     time.Time // of the present window
	allocated uint64    // by then, in octets
	base      uint64    // what the heap took when nothing was left to give back
	ran       bool      // in the last window
}

// Bounds of that.
const (
	slackWindow = 5 * time.Second
	slackCalm   = 32 << 20 // octets that may be allocated in a window in which nothing goes on
	slackLeast  = 16 << 20 // octets more than the base that are not worth it
)

// due reports that a window has ended.
func (s *slack) due(now time.Time) bool { return now.Sub(s.began) >= slackWindow }

// look is told what the heap takes, and how much was allocated ever, and calls run when it is time.
func (s *slack) look(now time.Time, heap, allocated uint64, run func()) {
	calm := allocated-s.allocated < slackCalm && !s.began.IsZero()
	s.began, s.allocated = now, allocated
	if s.ran { // what is there now stays
		s.base = heap
	}
	s.base = min(s.base, heap)
	if s.ran = calm && heap > s.base+max(s.base/4, slackLeast); s.ran {
		run()
	}
}

// heap is what the heap takes of the system's memory, and how much was allocated ever, in octets.
func heap() (size, allocated uint64) {
	m := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(m)
	for _, v := range m[:3] {
		size += v.Value.Uint64()
	}
	return size, m[3].Value.Uint64()
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
