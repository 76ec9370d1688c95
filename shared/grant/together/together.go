// Package together lets those who want something written wait for their turn, in which one of them writes for all: a write takes as
// long for many as for one.
package together

import (
	"context"
	"slices"
	"sync"
)

// Entry is something that is to be written.
type Entry[T any] struct {
	Value T
	done  chan error // of capacity 1: what came of it
}

// End tells whoever waits for the entry what came of it. It must be called once for each entry that was taken.
func (e *Entry[T]) End(err error) { e.done <- err }

// Queue is who waits to have something written to one place. New makes one.
type Queue[T any] struct {
	turn    chan struct{} // of capacity 1: full while it is somebody's turn
	mu      sync.Mutex
	waiting []*Entry[T]
}

// New is an empty queue.
func New[T any]() *Queue[T] { return &Queue[T]{turn: make(chan struct{}, 1)} }

// Turn waits until nobody else has it and takes it. Unless there is an error, ctx's, it must be given back.
func (q *Queue[T]) Turn(ctx context.Context) error {
	select {
	case q.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TryTurn takes the turn if nobody has it.
func (q *Queue[T]) TryTurn() bool {
	select {
	case q.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

// Back gives the turn back.
func (q *Queue[T]) Back() { <-q.turn }

// Waiting is how many entries nobody has taken yet.
func (q *Queue[T]) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// Write has a value written, and gives the error with which its entry was ended. In its turn it calls write with at most so many
// entries that wait, the oldest first, until its own has been ended: write is to end each. If ctx ends before the entry is taken the
// error is ctx's and nothing is written; after that only write tells what came of it.
func (q *Queue[T]) Write(ctx context.Context, value T, most int, write func(context.Context, []*Entry[T])) error {
	me := &Entry[T]{Value: value, done: make(chan error, 1)}
	q.mu.Lock()
	q.waiting = append(q.waiting, me)
	q.mu.Unlock()
	select {
	case q.turn <- struct{}{}:
	case err := <-me.done:
		return err
	case <-ctx.Done():
		if q.withdraw(me) {
			return ctx.Err()
		}
		return <-me.done // it is being written: what came of it is known soon
	}
	defer q.Back()
	for { // more than one round only if there are more before this one than are written together
		select {
		case err := <-me.done:
			return err
		default:
		}
		if err := ctx.Err(); err != nil && q.withdraw(me) {
			return err
		}
		write(ctx, q.take(most))
	}
}

// withdraw takes an entry back, unless it was taken already.
func (q *Queue[T]) withdraw(me *Entry[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, me)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

func (q *Queue[T]) take(most int) []*Entry[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), most)
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return batch
}

// End ends all of a batch alike.
func End[T any](batch []*Entry[T], err error) {
	for _, e := range batch {
		e.End(err)
	}
}
