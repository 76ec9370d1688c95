package router

import (
	"math"
	"runtime/debug"
	"time"
)

// memoryShare is the part of the process' memory limit that octets may take which wait for somebody slow: for the rest there are flows, connections,
// what the runtime keeps, and as much again until the next look.
const memoryShare = 4

// memoryPause is the time between lines about a shortage.
const memoryPause = 10 * time.Second

// memory keeps what waits in chunks within the process' memory limit, if there is one: the runtime itself would only look for garbage ever more often.
type memory struct {
	gaveUp int // flows since the last line
	told   time.Time
}

// bound sets the budget by the limit.
func (r *Router) boundMemory() {
	if n := debug.SetMemoryLimit(-1); n > 0 && n < math.MaxInt64 {
		r.chunks.SetBudget(n/memoryShare, r.core.Replenish)
	}
}

// look is called on the core's goroutine.
func (m *memory) look(r *Router, now time.Time) {
	m.gaveUp += r.chunks.Relieve(now)
	if m.gaveUp > 0 && now.Sub(m.told) >= memoryPause {
		r.log.Warn().Int("connections", m.gaveUp).Msg("memory is short: connections were reset whose clients do not read")
		m.gaveUp, m.told = 0, now
	}
}
