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

// Dial connects to host:port, with TLS when cfg is not nil.
func Dial(ctx context.Context, host, port string, cfg *tls.Config) (*Socket, error) {
	ctx, cancel := context.WithTimeout(ctx, limits.HandshakeTimeout)
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	s := NewSocket(raw, cfg, true)
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	deadline, _ := ctx.Deadline()
	if err := s.Handshake(ctx, deadline); err != nil {
		stop()
		_ = raw.Close()
		return nil, fmt.Errorf("tls handshake with %s: %w", net.JoinHostPort(host, port), err)
	}
	if !stop() {
		return nil, fmt.Errorf("dial %s: %w", net.JoinHostPort(host, port), ctx.Err())
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
