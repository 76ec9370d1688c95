//go:build cluster

package cluster

import "sync"

// slots are room for tests. Those that need all of it let those go first that need one slot, so that these share the time.
type slots struct {
	mu      sync.Mutex
	changed *sync.Cond
	all     int
	free    int
	singles int // tests that wait for one slot
}

func newSlots(n int) *slots {
	s := &slots{all: n, free: n}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// take waits for n slots, one or all.
func (s *slots) take(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 1 {
		s.singles++
	}
	for s.free < n || n > 1 && s.singles > 0 {
		s.changed.Wait()
	}
	if n == 1 {
		s.singles--
	}
	s.free -= n
	s.changed.Broadcast()
}

func (s *slots) give(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	s.changed.Broadcast()
}
