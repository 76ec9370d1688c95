package tcp

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// sink is the end of a stream at a socket. Octets are written at once as far as the socket takes them; the rest waits in chunks, and a
// goroutine that lives only that long writes it.
type sink struct {
	f    *flow
	pool *chunk.Pool

	mu       sync.Mutex
	src      core.Source    // who is told of progress
	batch    [][]byte       // of Write, until Flush
	pending  []*chunk.Chunk // what the socket did not take
	waiting  int            // octets in pending
	draining bool
	moved    time.Time // when the socket took octets that had waited, or the first one began to
	began    time.Time // to wait
	taken    uint64    // by the client's kernel, at the last look
	slow     bool      // the client has taken octets that had waited
	written  uint64
	acked    uint64
	ended    bool // by the stream
	over     bool // finished, failed or aborted: nothing more is written
	refused  bool // the sender knows that it goes on in vain, and is let go at its end
	doubt    *time.Timer
	doubtful atomic.Bool // doubt is set, or about to be
}

func (s *sink) Write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.f.count(len(p), false)
	if s.draining {
		s.keep(p)
		return
	}
	s.batch = append(s.batch, p)
}

// Flush writes the batch.
func (s *sink) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushLocked()
}

func (s *sink) flushLocked() {
	if len(s.batch) == 0 {
		return
	}
	batch := s.batch
	s.batch = s.batch[:0]
	if s.over {
		return
	}
	total := 0
	for _, b := range batch {
		total += len(b)
	}
	n, err := s.f.sock.tryWrite(append(make([][]byte, 0, 8), batch...))
	if err != nil {
		s.failLocked(err)
		return
	}
	s.progress(n)
	if n < total {
		for _, b := range batch {
			if n >= len(b) {
				n -= len(b)
				continue
			}
			s.keep(b[n:])
			n = 0
		}
		s.drain()
	}
	clear(batch)
}

// keep copies octets that must wait.
func (s *sink) keep(p []byte) {
	if s.over {
		return
	}
	if s.waiting+len(p) > limits.StreamWindow+limits.StreamSlack {
		s.failLocked(fmt.Errorf("the peer sent more than its window"))
		return
	}
	if s.pool.Short() {
		s.failLocked(errMemory)
		return
	}
	s.waiting += len(p)
	for len(p) > 0 {
		if n := len(s.pending); n == 0 || s.pending[n-1].Room() == 0 {
			s.pending = append(s.pending, s.pool.Get())
		}
		p = p[s.pending[len(s.pending)-1].Append(p):]
	}
}

// progress counts octets that the socket took and tells the sender when it is time.
func (s *sink) progress(n int) {
	s.written += uint64(n)
	if s.written-s.acked >= limits.StreamAck && s.src != nil {
		s.acked = s.written
		s.src.Update(&frame.Received{SectionOffset: s.written}, false)
	}
}

// drain starts the goroutine that writes what waits.
func (s *sink) drain() {
	if s.draining || s.over {
		return
	}
	s.draining, s.moved = true, time.Now()
	s.began, s.taken = s.moved, 0
	s.pool.Hold(s)
	s.f.group.Go(s.writeWaiting)
}

// Holds is what waits here, for whoever looks for memory.
func (s *sink) Holds() (octets int, since time.Time, slow bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == 0 {
		return 0, s.moved, s.slow
	}
	if n, all := s.f.sock.acked(); all || n != s.taken { // the socket takes more only when a good part of what it has is gone; and it may be we who do not get on
		s.slow = s.slow || s.taken != 0 && n != s.taken && time.Since(s.began) > kernelRest
		s.taken, s.moved = n, time.Now()
	}
	return (len(s.pending) + 1) * chunk.Size, s.moved, s.slow // and the one that is being written
}

// kernelRest is how long the client's kernel may take octets without its client having taken any, once some wait here.
const kernelRest = 300 * time.Millisecond

// GiveUp ends the flow: what waits for its client takes memory that others need. Nothing may wait by now.
func (s *sink) GiveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting > 0 {
		s.failLocked(errMemory)
	}
}

func (s *sink) writeWaiting() {
	for {
		s.mu.Lock()
		if len(s.pending) == 0 || s.over {
			s.draining = false
			s.pool.Release(s)
			s.freeLocked()
			s.endLocked()
			s.mu.Unlock()
			return
		}
		k := s.pending[0]
		s.pending = s.pending[1:]
		s.mu.Unlock()
		n := k.End - k.Start
		err := s.f.sock.write(k.Bytes())
		s.pool.Put(k)
		s.mu.Lock()
		s.waiting -= n
		s.moved = time.Now()
		if err != nil {
			s.failLocked(err)
		} else {
			s.progress(n)
		}
		s.mu.Unlock()
	}
}

func (s *sink) freeLocked() {
	for _, k := range s.pending {
		s.pool.Put(k)
	}
	s.pending = nil
}

func (s *sink) failLocked(err error) {
	if s.over {
		return
	}
	s.over = true
	s.batch = nil
	s.f.failed(err)
}

// Layout wants no room for heads.
func (s *sink) Layout() (head, slot int) { return 0, chunk.Size }

// WriteChunk takes octets of a stream that begins at this router too.
func (s *sink) WriteChunk(k *chunk.Chunk, _, _, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.pool.Put(k)
	if s.over {
		return
	}
	s.f.count(n, false)
	if s.draining {
		s.keep(k.B[:n])
		return
	}
	s.batch = append(s.batch, k.B[:n])
	s.flushLocked()
}

// WaitRoom does not wait: the window bounds what can be waiting here.
func (s *sink) WaitRoom(stop func() bool) bool { return !stop() }

// Nudge has nobody to wake.
func (s *sink) Nudge() {}

// End is the end of the stream: once all is written the socket's output is shut and the sender hears ACCEPTED.
func (s *sink) End(settled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.refused && !settled && s.src != nil {
		s.src.Update(&frame.Modified{DeliveryFailed: true}, true)
		s.src = nil
	}
	s.flushLocked()
	// Some routers settle the end of a stream that was cut, and then refuse ours. They settle an end in order only once they have taken ours.
	if settled && !s.over {
		s.doubtful.Store(true) // before the look at what may be said meanwhile
		if !s.f.taken() {
			s.doubt = time.AfterFunc(limits.EndDoubt, s.trust)
			return
		}
	}
	s.finishLocked()
}

// trust takes an end that was doubtful for what it says it is.
func (s *sink) trust() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doubt != nil {
		s.doubt.Stop()
		s.doubt = nil
		s.finishLocked()
	}
}

func (s *sink) finishLocked() {
	if s.f.sock.waits() { // the end of TLS is written, too
		s.drain()
	}
	s.endLocked()
}

func (s *sink) endLocked() {
	if !s.ended || s.doubt != nil || s.over || s.draining || len(s.pending) > 0 {
		return
	}
	s.over = true
	if err := s.f.sock.closeWrite(); err != nil {
		s.f.failed(err)
		return
	}
	if s.src != nil {
		s.src.Update(&frame.Accepted{}, true)
		s.src = nil
	}
	s.f.outputDone()
}

// Abort is a stream that was cut: the socket is reset.
func (s *sink) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.over = true
	s.src = nil
	s.f.failed(errAborted)
}

// Settle has nothing left to do: the sender forgets the delivery.
func (s *sink) Settle(frame.DeliveryState) {}

// refuse tells the sender that the stream cannot be completed.
func (s *sink) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.batch = nil
	if s.doubt != nil {
		s.doubt.Stop()
	}
	if s.src != nil {
		s.src.Update(&frame.Modified{DeliveryFailed: true}, s.ended)
		if s.refused = true; s.ended {
			s.src = nil
		}
	}
	if !s.draining {
		s.freeLocked()
	}
}
