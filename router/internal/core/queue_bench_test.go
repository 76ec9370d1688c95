package core

import (
	"testing"
	"time"
)

// BenchmarkTurns is the cost of one piece of work where many connections have some.
func BenchmarkTurns(b *testing.B) {
	q := newQueue()
	nothing := func() {}
	for range 2000 {
		l := q.tasks()
		q.put(l, nothing)
		q.put(l, nothing)
	}
	var work []func()
	for b.Loop() {
		work = q.take(work, time.Microsecond)
		q.put(q.last, work[0])
	}
}
