package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/proc"
	"github.com/skupper-plugins/suite/tests/bench/report"
)

// probe measures something of a tunnel for about dur. A figure that it could take comes even with an error.
type probe struct {
	name string
	run  func(ctx context.Context, c *load.Client, dur time.Duration) ([]report.Line, error)
}

// warm is how long octets flow before they are counted, at least: until buffers are full and as much leaves as enters.
const warm = 300 * time.Millisecond

// messageSize is that of round trips, in octets.
const messageSize = 64

// probes are all but those that start processes of their own, in the order of the table.
var probes = []probe{
	bulk("thr_up_1f", 1, false), bulk("thr_up_4f", 4, false), bulk("thr_up_16f", 16, false),
	bulk("thr_down_1f", 1, true), bulk("thr_down_4f", 4, true), bulk("thr_down_16f", 16, true),
	trips("lat_1c", 1), trips("lat_50c", 50),
	visits("conn_1w", 1), visits("conn_16w", 16),
}

func names(probes []probe) (s []string) {
	for _, p := range probes {
		s = append(s, p.name)
	}
	return s
}

// everything is the names of all that can be measured.
func everything() string { return strings.Join(append(names(probes), memory, services, redeem), " ") }

// figures are the lines of one probe.
type figures struct {
	spent proc.Spent
	lines []report.Line
}

func (f *figures) add(metric string, value float64, unit string) {
	f.lines = append(f.lines, report.Line{Metric: metric, Value: value, Unit: unit, Noise: f.spent.Noise})
}

// bulk measures how fast octets go through, and what a GiB costs.
func bulk(name string, flows int, down bool) probe {
	return probe{name, func(ctx context.Context, c *load.Client, dur time.Duration) ([]report.Line, error) {
		b, err := c.Bulk(ctx, flows, down, max(dur/5, warm), dur)
		if err != nil {
			return nil, err
		}
		f := figures{spent: b.Spent}
		f.add(name, float64(b.Octets)*8/1e9/b.Spent.Wall.Seconds(), "Gbit/s")
		if len(c.PIDs) > 0 {
			f.add("cpu_per_gib"+name[len("thr"):], b.Spent.CPU.Seconds()/(float64(b.Octets)/(1<<30)), "CPU-s/GiB")
		}
		return f.lines, nil
	}}
}

// trips measures how long a small message takes to and fro.
func trips(name string, conns int) probe {
	return probe{name, func(ctx context.Context, c *load.Client, dur time.Duration) ([]report.Line, error) {
		t, err := c.Trips(ctx, conns, messageSize, dur)
		if err != nil {
			return nil, err
		}
		f := figures{spent: t.Spent}
		f.add(name+"_p50", micros(report.Percentile(t.Took, 0.50)), "us")
		f.add(name+"_p99", micros(report.Percentile(t.Took, 0.99)), "us")
		f.add(name+"_rate", float64(len(t.Took))/t.Spent.Wall.Seconds(), "trips/s")
		if len(c.PIDs) > 0 {
			f.add(name+"_cpu", micros(t.Spent.CPU)/float64(len(t.Took)), "CPU-us/trip")
		}
		return f.lines, nil
	}}
}

// visits measures how fast connections can be made, and what one costs.
func visits(name string, workers int) probe {
	return probe{name, func(ctx context.Context, c *load.Client, dur time.Duration) ([]report.Line, error) {
		t, err := c.Visits(ctx, workers, dur)
		if err != nil && len(t.Took) == 0 {
			return nil, err
		}
		if err != nil {
			err = fmt.Errorf("%d of %d connections failed: %w", t.Failed, t.Failed+len(t.Took), err)
		}
		f := figures{spent: t.Spent}
		f.add(name+"_rate", float64(len(t.Took))/t.Spent.Wall.Seconds(), "flows/s")
		f.add(name+"_p50", micros(report.Percentile(t.Took, 0.50)), "us")
		if len(c.PIDs) > 0 {
			f.add(name+"_cpu", micros(t.Spent.CPU)/float64(len(t.Took)), "CPU-us/flow")
		}
		return f.lines, err
	}}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
