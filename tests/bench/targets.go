package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/tunnel"
)

// Names of targets.
const (
	subject  = "router"
	bareTLS  = "gotls"
	upstream = "skrouterd"
)

// ready is how long a tunnel may take until a connection goes through.
const ready = 30 * time.Second

// target is something to measure.
type target struct {
	name    string
	program string // of routers; else empty
	start   func(ctx context.Context, s *tunnel.Site) (*tunnel.Tunnel, error)
}

// targets are those that were asked for, in the order of the table.
func (r *runner) targets() []target {
	routers := func(name, program string) target {
		return target{name, program, func(ctx context.Context, s *tunnel.Site) (*tunnel.Tunnel, error) {
			return s.Routers(ctx, name, program, load.Probe)
		}}
	}
	all := []target{
		{"direct", "", func(_ context.Context, s *tunnel.Site) (*tunnel.Tunnel, error) { return s.Direct(), nil }},
		{bareTLS, "", func(ctx context.Context, s *tunnel.Site) (*tunnel.Tunnel, error) {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			return s.BareTLS(ctx, self, load.Probe)
		}},
		routers(subject, r.router),
	}
	if r.skrouterd != "" {
		all = append(all, routers(upstream, r.skrouterd))
	}
	return all
}

// start starts a tunnel with files of its own.
func (r *runner) start(ctx context.Context, x target, phase string) (*tunnel.Tunnel, error) {
	ctx, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	s, err := r.site(x, phase)
	if err != nil {
		return nil, err
	}
	return x.start(ctx, s)
}

// site is a place of its own for a target in a part of a round.
func (r *runner) site(x target, phase string) (*tunnel.Site, error) {
	dir := filepath.Join(r.dir, phase+strconv.Itoa(r.round)+x.name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return tunnel.NewSite(dir, r.serverAddr, time.Now())
}

func (r *runner) client(t *tunnel.Tunnel) *load.Client {
	return &load.Client{Addr: t.Listener, Server: r.serverAddr, PIDs: t.PIDs(), Ends: []int{r.server.PID()}}
}

// speed has all tunnels run at once, where those that wait cost next to nothing, and takes each measurement of all of them
// back to back, so that noise hits them alike.
func (r *runner) speed(ctx context.Context, targets []target) (err error) {
	var some bool
	for _, p := range probes {
		some = some || r.only.MatchString(p.name)
	}
	if !some {
		return nil
	}
	var up []*tunnel.Tunnel
	defer func() {
		for _, t := range up {
			if e := t.Stop(); e != nil {
				err = errors.Join(err, r.record(t.Name, "stop", nil, e))
			}
		}
	}()
	for _, x := range targets {
		t, err := r.start(ctx, x, "speed")
		if err != nil {
			if err := r.record(x.name, "start", nil, err); err != nil {
				return err
			}
			continue
		}
		up = append(up, t)
	}
	for _, p := range probes {
		if !r.only.MatchString(p.name) {
			continue
		}
		r.say("round %d of %d: %s", r.round, r.rounds, p.name)
		for _, t := range up {
			if err := r.probe(ctx, t, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) probe(ctx context.Context, t *tunnel.Tunnel, p probe) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, 2*r.dur+30*time.Second)
	defer cancel()
	lines, err := p.run(limited, r.client(t), r.dur)
	if dead := t.Running(); dead != nil {
		err = errors.Join(err, dead)
	}
	if err := r.record(t.Name, p.name, lines, err); err != nil {
		return err
	}
	return load.Sleep(ctx, r.dur/10) // for what is still under way
}

// space measures memory, of each tunnel alone and fresh.
func (r *runner) space(ctx context.Context, targets []target) error {
	if !r.only.MatchString(memory) {
		return nil
	}
	for _, x := range targets {
		if x.name == "direct" {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.say("round %d of %d: %s of %s", r.round, r.rounds, memory, x.name)
		t, err := r.start(ctx, x, "space")
		if err != nil {
			if err := r.record(x.name, "start", nil, err); err != nil {
				return err
			}
			continue
		}
		lines, err := remember(ctx, r.client(t), r.idle, r.settle)
		err = errors.Join(err, t.Stop())
		if err := r.record(x.name, memory, lines, err); err != nil {
			return err
		}
	}
	return nil
}
