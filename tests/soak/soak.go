package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// returning is how long routers may take in the end to give back what they hold.
const returning = 30 * time.Second

// soak is the whole of it.
func soak(ctx context.Context, o options, stdout io.Writer) (err error) {
	if _, err := proc.RaiseFiles(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &session{options: o, out: stdout, began: time.Now()}
	if s.server, err = serve(ctx, &s.ledger); err != nil {
		return err
	}
	defer s.server.Close()
	defer func() { err = errors.Join(err, s.net.down()) }()
	if err := s.net.up(ctx, o.router, dir, s.server.Addr); err != nil {
		return err
	}
	for _, addr := range []string{s.net.toB, s.net.toE, s.net.fromE} {
		if err := s.net.await(ctx, addr); err != nil {
			return err
		}
	}
	if err := s.rest(ctx, s.net.routers); err != nil {
		return err
	}
	if err := s.traffic(ctx); err != nil {
		return errors.Join(err, s.verdict())
	}
	return errors.Join(s.verdict(), s.returns(ctx))
}
