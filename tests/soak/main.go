// Command soak sends checked traffic of every shape through a network of routers for a long time, while their links are
// cut: soak -router PROGRAM -for 20m. An octet that is not what was sent, a flow that is stuck or lost without a cause, and
// anything that a router does not give back in the end is a failure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are what can be asked for.
type options struct {
	router string        // the program
	dur    time.Duration // of traffic; the third router joins when half of it is over
	flows  int           // at once
	every  time.Duration // between lines
	cut    time.Duration // between faults, about; 0 means none
	kinds  []kind        // of flows
	seed   uint64        // of what is chosen by chance
}

// run is main without the process: 0 all was well, 1 it was not, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "soak: %v\n", err)
		return 2
	}
	if err := soak(ctx, o, stdout); err != nil {
		_, _ = fmt.Fprintf(stderr, "soak: FAILED (-seed %d)\n%v\n", o.seed, err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("soak", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.router, "router", "", "the `PROGRAM`, which takes -c skrouterd.json")
	fs.DurationVar(&o.dur, "for", 20*time.Minute, "`TIME` of traffic")
	fs.IntVar(&o.flows, "flows", 32, "`NUMBER` of flows at once")
	fs.DurationVar(&o.every, "every", 10*time.Second, "`TIME` between lines")
	fs.DurationVar(&o.cut, "cut", 4*time.Second, "`TIME` between faults of the links, about; 0: none")
	names := fs.String("kinds", "", "only flows of these `KINDS`, with commas between: "+kindNames())
	fs.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "`NUMBER` that decides what is chosen by chance")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	var errs []error
	if o.router == "" || fs.NArg() > 0 {
		errs = append(errs, errors.New("want -router PROGRAM and flags only"))
	}
	if o.dur < time.Second || o.dur > 7*24*time.Hour {
		errs = append(errs, fmt.Errorf("-for is %v, want 1s to 168h", o.dur))
	}
	if o.flows < 1 || o.flows > 1000 {
		errs = append(errs, fmt.Errorf("-flows is %d, want 1 to 1000", o.flows))
	}
	if o.every < time.Second {
		errs = append(errs, fmt.Errorf("-every is %v, want 1s or more", o.every))
	}
	if o.cut != 0 && o.cut < 500*time.Millisecond {
		errs = append(errs, fmt.Errorf("-cut is %v, want 0, or 500ms or more", o.cut))
	}
	if o.kinds, err = parseKinds(*names); err != nil {
		errs = append(errs, err)
	}
	return o, errors.Join(errs...)
}
