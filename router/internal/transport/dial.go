package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Target is what to connect to, and how.
type Target struct {
	Host, Port string
	TLS        *tls.Config // nil: without
	Proxy      *Proxy      // nil: directly
}

func (t Target) String() string { return net.JoinHostPort(t.Host, t.Port) }

// Dial connects to a target. The time for each step is bounded: a peer that answers nothing is worth a new attempt sooner than one that is slow.
func Dial(ctx context.Context, t Target) (*Socket, error) {
	ctx, cancel := context.WithTimeout(ctx, limits.RouterDialTimeout)
	defer cancel()
	first := t.String()
	if t.Proxy != nil {
		first = net.JoinHostPort(t.Proxy.Host, t.Proxy.Port)
	}
	raw, err := connect(ctx, first)
	if err != nil {
		if t.Proxy != nil {
			err = fmt.Errorf("proxy: %w", err)
		}
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	fail := func(err error) (*Socket, error) {
		stop()
		_ = raw.Close()
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if t.Proxy != nil {
		if err := t.Proxy.connect(raw, t.String(), deadline); err != nil {
			return fail(fmt.Errorf("proxy %s: %w", first, err))
		}
	}
	s := NewSocket(raw, t.TLS, true)
	if err := s.Handshake(ctx, deadline); err != nil {
		return fail(fmt.Errorf("tls handshake with %s: %w", t, err))
	}
	if !stop() {
		return nil, fmt.Errorf("dial %s: %w", t, ctx.Err())
	}
	return s, nil
}

// Backoff spaces attempts to connect: it doubles from Min to Max, with up to a quarter taken off at random so that peers do not come back
// all at once. The zero value starts at 250 ms and ends at 5 s.
type Backoff struct {
	Min, Max time.Duration
	next     time.Duration
}

// Reset makes the next wait the shortest again.
func (b *Backoff) Reset() { b.next = 0 }

// Wait waits; it returns false when ctx has ended.
func (b *Backoff) Wait(ctx context.Context) bool {
	if b.Min == 0 {
		b.Min = 250 * time.Millisecond
	}
	if b.Max == 0 {
		b.Max = 5 * time.Second
	}
	if b.next == 0 {
		b.next = b.Min
	}
	d := b.next - time.Duration(rand.Int64N(int64(b.next)/4+1))
	b.next = min(2*b.next, b.Max)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
