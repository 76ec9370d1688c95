package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// session is one soak.
type session struct {
	options
	out    io.Writer
	began  time.Time
	net    network
	server *server
	ledger ledger
	open   atomic.Int64 // flows at their clients
	three  atomic.Bool  // C is there
}

func (s *session) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, "%6s  "+format+"\n", append([]any{time.Since(s.began).Round(time.Second)}, args...)...)
}

// rest notes what routers hold before they have anything to do.
func (s *session) rest(ctx context.Context, routers []*router) error {
	sleep(ctx, time.Second) // until the connection that found them ready is gone
	for _, r := range routers {
		g, err := read(ctx, r.PID(), r.metrics)
		if err != nil {
			return err
		}
		r.rest = g
		s.say("router %s at rest: %v", r.Name, g)
	}
	return nil
}

// traffic runs clients and faults for as long as was asked for. In the middle the third router joins.
func (s *session) traffic(ctx context.Context) error {
	working, enough := context.WithTimeout(ctx, s.dur)
	defer enough()
	faulty, calm := context.WithCancel(working)
	defer calm()
	var all sync.WaitGroup
	defer all.Wait()
	for i := range s.flows {
		w := &client{ledger: &s.ledger, rand: rand.New(rand.NewPCG(s.seed, uint64(i))), kinds: s.kinds, open: &s.open}
		all.Go(func() { w.work(working, s.way) })
	}
	bad := &saboteur{rand: rand.New(rand.NewPCG(s.seed, 1<<32)), ledger: &s.ledger, every: s.cut, cables: slices.Clone(s.net.cables)}
	if s.cut > 0 {
		all.Go(func() { bad.work(faulty) })
	}
	joins := time.NewTimer(s.dur / 2)
	defer joins.Stop()
	ends := time.NewTimer(s.dur - min(settling, s.dur/5)) // the last flows find sound links
	defer ends.Stop()
	lines := time.NewTicker(s.every)
	defer lines.Stop()
	var stalled, last = time.Now(), 0
	for {
		select {
		case <-working.Done():
			enough()
			all.Wait()
			s.line(ctx)
			return ctx.Err()
		case <-joins.C:
			if err := s.join(ctx, bad); err != nil {
				enough()
				return err
			}
		case <-ends.C:
			calm()
		case <-lines.C:
			s.line(ctx)
			c, _, _, _ := s.ledger.now()
			if n := c.total(); n != last {
				stalled, last = time.Now(), n
			}
			err := s.net.alive()
			if d := time.Since(stalled); err == nil && d > stuckAfter+s.every {
				err = fmt.Errorf("%w: no flow was done for %v", errStuck, d.Round(time.Second))
			}
			if err != nil {
				enough()
				return err
			}
		}
	}
}

// way is where the nth flow of a client goes.
func (s *session) way(n int) string {
	switch {
	case n%4 == 1 && s.three.Load():
		return s.net.toC
	case n%4 == 2:
		return s.net.toE
	case n%4 == 3:
		return s.net.fromE
	}
	return s.net.toB
}

func (s *session) join(ctx context.Context, bad *saboteur) error {
	if err := s.net.grow(ctx); err != nil {
		return err
	}
	if err := s.net.await(ctx, s.net.toC); err != nil {
		return fmt.Errorf("the third router: %w", err)
	}
	if err := s.rest(ctx, s.net.routers[3:]); err != nil {
		return err
	}
	bad.add(s.net.cables[2])
	s.three.Store(true)
	return nil
}

// line prints how it stands.
func (s *session) line(ctx context.Context) {
	c, faults, failed, heal := s.ledger.now()
	text := fmt.Sprintf("flows: %d open %d done %d cut %d refused  %d MiB  faults: %d (healed within %.1fs)  failures: %d",
		s.open.Load(), c.total(), c.lost, c.refused, c.octets>>20, faults, heal.Seconds(), failed)
	for _, r := range s.net.routers {
		if g, err := read(ctx, r.PID(), r.metrics); err == nil { // a router that has ended is found out elsewhere
			text += fmt.Sprintf("  %s: %v", r.Name, g)
		}
	}
	s.say("%s", text)
}

// returns waits until everything is given back.
func (s *session) returns(ctx context.Context) error {
	for end := time.Now().Add(returning); ; {
		err := s.held(ctx)
		if err == nil || time.Now().After(end) || ctx.Err() != nil {
			s.line(ctx)
			return err
		}
		sleep(ctx, 500*time.Millisecond)
	}
}

// held is what should not be held any more.
func (s *session) held(ctx context.Context) error {
	errs := []error{s.net.alive()}
	if n := s.server.Open(); n > 0 {
		errs = append(errs, fmt.Errorf("%w: %d flows are still open at the server", errStuck, n))
	}
	for _, r := range s.net.routers {
		g, err := read(ctx, r.PID(), r.metrics)
		if err == nil {
			err = g.beyond(r.rest)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("router %s has not given back all within %v: %w", r.Name, returning, err))
		}
	}
	return errors.Join(errs...)
}

func (s *session) verdict() error { return s.ledger.verdict(s.kinds, s.cut > 0) }
