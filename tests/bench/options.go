package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// options are what can be asked for.
type options struct {
	router    string         // the program that is measured
	skrouterd string         // that of upstream; empty: it is left out
	out       string         // where lines of JSON are appended; empty: nowhere
	dur       time.Duration  // of each measurement
	rounds    int            // how often all is measured
	only      *regexp.Regexp // names of probes
	plugin    string         // the program of local sites; empty: links of sites are left out
	services  int            // how many there are over one link
	idle      []int          // numbers of idle connections, ascending
	settle    time.Duration  // between a change and a look at memory
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.router, "router", "", "the `PROGRAM` to measure, which takes -c skrouterd.json")
	fs.StringVar(&o.skrouterd, "skrouterd", "", "`PROGRAM` of the other router to compare it with")
	fs.StringVar(&o.out, "out", "", "append figures to `FILE`, a JSON object in each line")
	fs.DurationVar(&o.dur, "dur", 2*time.Second, "`TIME` for each measurement")
	fs.IntVar(&o.rounds, "rounds", 1, "how many `TIMES` all is measured; ratios are taken within a round")
	only := fs.String("only", "", "measure what a `REGEXP` finds: "+everything())
	fs.StringVar(&o.plugin, "plugin", "", "podman-skupper, the `PROGRAM` that makes local sites; without it "+redeem+" is not measured")
	fs.IntVar(&o.services, "services", 1000, "`NUMBER` of services over one link")
	idle := fs.String("idle", "1000,5000", "`NUMBERS` of idle connections to hold, ascending")
	fs.DurationVar(&o.settle, "settle", 2*time.Second, "`TIME` between a change and a look at memory")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	var errs []error
	if o.router == "" || fs.NArg() > 0 {
		errs = append(errs, errors.New("want -router PROGRAM and flags only"))
	}
	if o.dur < 50*time.Millisecond || o.dur > time.Minute {
		errs = append(errs, fmt.Errorf("-dur is %v, want 50ms to 1m", o.dur))
	}
	if o.rounds < 1 || o.rounds > 100 {
		errs = append(errs, fmt.Errorf("-rounds is %d, want 1 to 100", o.rounds))
	}
	if o.services < 1 || o.services > 10_000 {
		errs = append(errs, fmt.Errorf("-services is %d, want 1 to 10000", o.services))
	}
	if o.settle < 0 || o.settle > time.Minute {
		errs = append(errs, fmt.Errorf("-settle is %v, want 0 to 1m", o.settle))
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		errs = append(errs, fmt.Errorf("-only: %w", err))
	}
	if o.idle, err = ascending(*idle); err != nil {
		errs = append(errs, fmt.Errorf("-idle: %w", err))
	}
	return o, errors.Join(errs...)
}

// ascending reads numbers with commas between.
func ascending(s string) (numbers []int, err error) {
	last := 0
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", word)
		}
		if n <= last || n > 100_000 {
			return nil, fmt.Errorf("%d is not between %d and 100000", n, last+1)
		}
		numbers, last = append(numbers, n), n
	}
	return numbers, nil
}

// limit is how long all may take: several times what it should.
func (o options) limit() time.Duration {
	return time.Duration(o.rounds) * (4*time.Minute + 120*o.dur + 60*o.settle)
}
