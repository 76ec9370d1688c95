package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/proc"
	"github.com/skupper-plugins/suite/tests/bench/report"
)

// bench measures all that was asked for, writes the figures as they come, and a table in the end.
func bench(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, o.limit())
	defer cancel()
	files, err := proc.RaiseFiles()
	if err != nil {
		return err
	}
	r := &runner{options: o, log: stderr}
	r.idle = r.affordable(o.idle, files)
	if o.out != "" {
		f, err := os.OpenFile(o.out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		r.out = f
		if err := describe(f, o, time.Now()); err != nil {
			return err
		}
	}
	if r.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if err := r.serve(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.server.Stop()) }()
	targets := r.targets()
	for r.round = 1; r.round <= o.rounds && ctx.Err() == nil; r.round++ {
		err = errors.Join(err, r.speed(ctx, turned(targets, r.round-1)))
		err = errors.Join(err, r.space(ctx, turned(targets, r.round-1)))
		err = errors.Join(err, r.offer(ctx, turned(targets, r.round-1)))
		err = errors.Join(err, r.join(ctx))
	}
	if ctx.Err() != nil { // what was measured is shown all the same
		err = errors.Join(err, context.Cause(ctx))
	}
	return errors.Join(err, r.show(stdout))
}

// turned begins with another target in each round, so that none of them is always the first.
func turned(targets []target, by int) []target {
	by %= len(targets)
	return append(targets[by:len(targets):len(targets)], targets[:by]...)
}

// runner is one run of the benchmark.
type runner struct {
	options
	dir        string
	log        io.Writer // for people who wait
	out        io.Writer // for lines of JSON; nil: nowhere
	server     *proc.Child
	serverAddr string
	round      int
	lines      []report.Line
}

// serve starts the server behind all tunnels.
func (r *runner) serve(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ports proc.Ports
	port, err := ports.Next()
	if err != nil {
		return err
	}
	r.serverAddr = net.JoinHostPort(proc.Loopback, port)
	if r.server, err = proc.Start(r.dir, "server", self, load.ServeArg, r.serverAddr); err != nil {
		return err
	}
	for end := time.Now().Add(ready); ; {
		err := load.Probe(ctx, r.serverAddr)
		if err == nil {
			return nil
		}
		if dead := r.server.Running(); dead != nil || time.Now().After(end) || load.Sleep(ctx, 20*time.Millisecond) != nil {
			r.server.Kill()
			return errors.Join(err, dead)
		}
	}
}

func (r *runner) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.log, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// affordable leaves out numbers of idle connections for which there are not enough file descriptors: this process has both
// ends, and each relay two.
func (r *runner) affordable(idle []int, files int) (can []int) {
	for _, n := range idle {
		if 2*n+500 > files {
			r.say("!! NOT MEASURED: %d idle connections need %d open files, the limit is %d (ulimit -n)", n, 2*n+500, files)
			continue
		}
		can = append(can, n)
	}
	return can
}

// record keeps the outcome of a probe.
func (r *runner) record(target, name string, lines []report.Line, err error) error {
	if err != nil {
		lines = append(lines, report.Line{Metric: name, Err: err.Error()})
		r.say("!! %s of %s: %v", name, target, err)
	}
	for i := range lines {
		lines[i].Round, lines[i].Target = r.round, target
	}
	r.lines = append(r.lines, lines...)
	if r.out == nil {
		return nil
	}
	return report.Write(r.out, lines...)
}

// show writes the table, and what is missing in it.
func (r *runner) show(w io.Writer) error {
	t := report.Table{Subject: subject, Bases: []string{bareTLS, upstream}}
	for _, x := range r.targets() {
		t.Targets = append(t.Targets, x.name)
	}
	if r.skrouterd == "" {
		t.Targets, t.Bases = append(t.Targets, upstream), t.Bases[:2]
	}
	f := report.Collect(r.lines)
	if err := t.Print(w, f); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nMedians of %d round(s), %v each; ratios are medians of those within a round.\n"+
		"noise: cores that were busy with something unrelated, at worst; where it is not near 0, believe the CPU figures only.\n", r.rounds, r.dur)
	if err != nil {
		return err
	}
	if r.skrouterd == "" {
		if _, err := io.WriteString(w, missing); err != nil {
			return err
		}
	}
	var failed []string
	for _, l := range r.lines {
		if l.Err != "" {
			failed = append(failed, fmt.Sprintf("%s of %s in round %d: %s", l.Metric, l.Target, l.Round, l.Err))
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("not measured:\n  %s", strings.Join(failed, "\n  "))
	}
	if len(r.lines) == 0 {
		return fmt.Errorf("nothing was measured: -only %q finds none of %s", r.only, everything())
	}
	return nil
}

var missing = `
****************************************************************************
  skrouterd: MISSING. NOTHING WAS COMPARED with the real router.
  next: make bench SKROUTERD=/path/to/skrouterd
****************************************************************************
`
