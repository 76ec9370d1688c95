package transport

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Attempts at the addresses of one name.
const (
	raceDelay = 250 * time.Millisecond // until the next address is tried as well (RFC 8305 8)
	raceMax   = 8                      // addresses that are tried
)

// connect makes a TCP connection to HOST:PORT. Of several addresses of a host each is tried a moment after the one before, and the first that answers wins:
// one that is dead costs no more than that moment.
func connect(ctx context.Context, to string) (net.Conn, error) {
	d := net.Dialer{Timeout: limits.ConnectTimeout}
	one := func(ctx context.Context, addr string) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	host, port, err := net.SplitHostPort(to)
	if err != nil || net.ParseIP(host) != nil {
		return one(ctx, to)
	}
	looking, cancel := context.WithTimeout(ctx, limits.ConnectTimeout)
	defer cancel()
	hosts, err := net.DefaultResolver.LookupHost(looking, host)
	if err != nil || len(hosts) < 2 {
		return one(ctx, to) // which says what is wrong
	}
	var addrs []string
	for _, h := range hosts[:min(len(hosts), raceMax)] {
		addrs = append(addrs, net.JoinHostPort(h, port))
	}
	return race(ctx, addrs, one)
}

// race dials addresses, each a moment after the one before or as soon as that has failed, and returns the first connection. The others are closed.
func race(ctx context.Context, addrs []string, dial func(ctx context.Context, addr string) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		c   net.Conn
		err error
	}
	results := make(chan result)
	running, next := 0, 0
	start := func() {
		addr := addrs[next]
		next++
		running++
		go func() {
			c, err := dial(ctx, addr)
			results <- result{c, err}
		}()
	}
	var won net.Conn
	var errs []error
	delay := time.NewTimer(raceDelay)
	defer delay.Stop()
	for start(); running > 0; {
		more := delay.C
		if won != nil || next == len(addrs) {
			more = nil
		}
		select {
		case <-more:
			start()
			delay.Reset(raceDelay)
		case r := <-results:
			running--
			switch {
			case r.err == nil && won == nil:
				won = r.c
				cancel()
			case r.err == nil:
				_ = r.c.Close()
			case won == nil:
				errs = append(errs, r.err)
				if next < len(addrs) && ctx.Err() == nil {
					start()
					delay.Reset(raceDelay)
				}
			}
		}
	}
	if won != nil {
		return won, nil
	}
	return nil, errors.Join(errs...)
}
