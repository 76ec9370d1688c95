package main

import (
	"context"
	"errors"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/report"
	"github.com/skupper-plugins/suite/tests/bench/tunnel"
)

// services is the name of the probe below.
const services = "services"

// offer measures how soon many services can be used over one link, from the start of both routers.
func (r *runner) offer(ctx context.Context, targets []target) error {
	if !r.only.MatchString(services) {
		return nil
	}
	for _, x := range targets {
		if x.program == "" { // it has one service only
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.say("round %d of %d: %d %s of %s", r.round, r.rounds, r.services, services, x.name)
		took, err := r.offers(ctx, x)
		var lines []report.Line
		if err == nil {
			lines = []report.Line{{Metric: "services_ready", Value: took.Seconds(), Unit: "s"}}
		}
		if err := r.record(x.name, services, lines, err); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) offers(ctx context.Context, x target) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*ready)
	defer cancel()
	s, err := r.site(x, services)
	if err != nil {
		return 0, err
	}
	var t *tunnel.Tunnel
	if t, took, err = s.Services(ctx, x.name, x.program, r.services, load.Probe); err != nil {
		return 0, err
	}
	return took, errors.Join(err, t.Stop())
}
