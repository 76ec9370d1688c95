package supervise

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// keeper is an engine whose own things cannot be put in order while err is set.
type keeper struct {
	err   error
	tries int
}

func (*keeper) Start(context.Context) error  { return nil }
func (*keeper) Stop(context.Context) error   { return nil }
func (*keeper) Remove(context.Context) error { return nil }
func (*keeper) State(context.Context) State  { return State{Running: true, PID: 7} }
func (k *keeper) Keep(context.Context) error { k.tries++; return k.err }

// What could not be put in order is tried again, less and less often, until it is.
func TestKeep(t *testing.T) {
	now := time.Unix(0, 0)
	k := &keeper{err: errors.New("no room")}
	l := NewLocal(Options{Engine: k, Log: zerolog.Nop(), Now: func() time.Time { return now }})
	for i, tt := range []struct {
		after time.Duration
		tries int
	}{{0, 1}, {0, 1}, {time.Second, 2}, {time.Second, 2}, {time.Second, 3}} {
		now = now.Add(tt.after)
		l.keep(t.Context())
		if k.tries != tt.tries || l.Unkept() == nil {
			t.Errorf("%d: %d tries, %v", i, k.tries, l.Unkept())
		}
	}
	l.Forget() // somebody wants to know now
	k.err = nil
	for range 2 {
		l.keep(t.Context())
		if k.tries != 4 || l.Unkept() != nil {
			t.Errorf("in order: %d tries, %v", k.tries, l.Unkept())
		}
	}
}
