package main

import (
	"context"
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/proc"
	"github.com/skupper-plugins/suite/tests/bench/report"
)

// memory is the name of the probe below. It wants processes that have done nothing yet.
const memory = "memory"

// remember measures the memory of a tunnel at rest, with idle connections, and after they were closed. All is of both
// processes together but rss_rest_one, which is the larger of the two.
func remember(ctx context.Context, c *load.Client, idle []int, settle time.Duration) ([]report.Line, error) {
	var f figures
	look := func() (sum, most int64, err error) {
		w, err := c.Window()
		if err != nil {
			return 0, 0, err
		}
		if err := load.Sleep(ctx, settle); err != nil {
			return 0, 0, err
		}
		if f.spent, err = w.Close(); err != nil {
			return 0, 0, err
		}
		for _, pid := range c.PIDs {
			m, err := proc.Memory(pid)
			if err != nil {
				return 0, 0, err
			}
			sum, most = sum+m, max(most, m)
		}
		return sum, most, nil
	}
	rest, most, err := look()
	if err != nil {
		return nil, err
	}
	f.add("rss_rest_one", mib(most), "MiB")
	f.add("rss_rest", mib(rest), "MiB")
	held := c.Idle()
	defer held.Close()
	for _, n := range idle {
		if err := held.Grow(ctx, n); err != nil {
			return f.lines, err
		}
		sum, _, err := look()
		if err != nil {
			return f.lines, err
		}
		f.add(fmt.Sprintf("rss_%df_per_flow", n), float64(sum-rest)/float64(n)/1024, "KiB/flow")
		f.add(fmt.Sprintf("cpu_%df_idle", n), 100*f.spent.CPU.Seconds()/f.spent.Wall.Seconds(), "% of a core")
	}
	held.Close()
	if err := load.Sleep(ctx, settle); err != nil { // twice as long as the others: memory is given back behind the work
		return f.lines, err
	}
	sum, _, err := look()
	if err != nil {
		return f.lines, err
	}
	f.add("rss_after_close", mib(sum), "MiB")
	return f.lines, nil
}

func mib(octets int64) float64 { return float64(octets) / (1 << 20) }
