package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/report"
)

// redeem is the name of the probe below.
const redeem = "redeem"

// linked is what the status of a link says once it carries traffic.
var linked = regexp.MustCompile(`(?m)\sReady\s+\d+\s+OK`)

// join measures how soon a site has its link, from the moment its token is redeemed: two local sites on this machine, without containers, that are made for it
// with the plugin and deleted after.
func (r *runner) join(ctx context.Context) error {
	if r.plugin == "" || !r.only.MatchString(redeem) {
		return nil
	}
	r.say("round %d of %d: %s", r.round, r.rounds, redeem)
	took, err := r.joins(ctx)
	var lines []report.Line
	if err == nil {
		lines = []report.Line{{Metric: "redeem_ready", Value: took.Seconds(), Unit: "s"}}
	}
	return r.record(subject, redeem, lines, err)
}

func (r *runner) joins(ctx context.Context) (took time.Duration, err error) {
	home := filepath.Join(r.dir, redeem+strconv.Itoa(r.round))
	token := filepath.Join(r.dir, redeem+strconv.Itoa(r.round)+".yaml")
	do := func(ctx context.Context, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, ready)
		defer cancel()
		cmd := exec.CommandContext(ctx, r.plugin, args...)
		cmd.Env = append(os.Environ(), "SKUPPER_HOME="+home, "SKUPPER_PLATFORM=linux")
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s %q: %w\n%s", filepath.Base(r.plugin), args, err, bytes.TrimSpace(out))
		}
		return string(out), err
	}
	const west, east = "bench-west", "bench-east"
	defer func() { // though ctx may be over: nothing is left behind
		for _, site := range []string{east, west} {
			_, gone := do(context.WithoutCancel(ctx), "site", "delete", "--all", "--namespace", site)
			err = errors.Join(err, gone)
		}
	}()
	for _, args := range [][]string{
		{"site", "create", "west", "--enable-link-access", "--namespace", west}, {"token", "issue", token, "--namespace", west},
		{"site", "create", "east", "--namespace", east},
	} {
		if _, err := do(ctx, args...); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	if _, err := do(ctx, "token", "redeem", token, "--namespace", east); err != nil {
		return 0, err
	}
	for {
		said, err := do(ctx, "link", "status", "--namespace", east)
		if err == nil && linked.MatchString(said) {
			return time.Since(start), nil
		}
		if time.Since(start) > ready {
			return 0, errors.Join(err, fmt.Errorf("the link is not ready; its status:\n%s", said))
		}
		if err := load.Sleep(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
