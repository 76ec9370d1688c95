package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/report"
	"github.com/skupper-plugins/suite/tests/bench/tunnel"
)

// TestMain is also the server and the bare TLS relay: the harness starts its own program for those.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == tunnel.BareArg || os.Args[1] == load.ServeArg) {
		main()
	}
	goleak.VerifyTestMain(m)
}

func buildRouter(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", dir+string(filepath.Separator), ".")
	cmd.Dir = "../../router/cmd/skupper-router"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "skupper-router")
}

// TestWholeHarness measures everything, much too shortly for the figures to mean anything, and the real router too if there is one.
func TestWholeHarness(t *testing.T) {
	router := buildRouter(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	file := filepath.Join(t.TempDir(), "results.jsonl")
	args := []string{"-router", router, "-out", file, "-dur", "400ms", "-settle", "100ms", "-idle", "50,100", "-services", "20"}
	real := os.Getenv("SKROUTERD")
	if real != "" {
		args = append(args, "-skrouterd", real)
	}
	var out, log bytes.Buffer
	if code := run(ctx, args, &out, &log); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, &log, &out)
	}
	t.Logf("%s\n%s", &log, &out)
	if got := strings.Contains(out.String(), "skrouterd: MISSING"); got != (real == "") {
		t.Errorf("the table tells that skrouterd is missing: %v, SKROUTERD=%q", got, real)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	figures := report.Collect(lines)
	if want := 34; len(figures.Metrics) != want {
		t.Errorf("%d metrics, want %d: %s", len(figures.Metrics), want, strings.Join(figures.Metrics, " "))
	}
	for _, m := range figures.Metrics {
		v, ok := figures.Median(m, subject)
		positive := !strings.HasPrefix(m, "cpu_") && !strings.Contains(m, "_cpu") // CPU is counted in steps of 10 ms
		if !ok || v < 0 || positive && v == 0 && !strings.HasSuffix(m, "_per_flow") {
			t.Errorf("%s of the router: %v, %v", m, v, ok)
		}
		if _, ok := figures.Median(m, bareTLS); !ok && m != "services_ready" {
			t.Errorf("there is no %s of %s", m, bareTLS)
		}
	}
	if _, ok := figures.Median("thr_up_16f", "direct"); !ok {
		t.Error("there is no figure of the direct way")
	}
}

// TestFailuresAreTold has a router that ends at once.
func TestFailuresAreTold(t *testing.T) {
	var out, log bytes.Buffer
	code := run(t.Context(), []string{"-router", os.Args[0], "-dur", "50ms", "-settle", "0", "-only", "conn_1w|memory", "-idle", "1"}, &out, &log)
	if code != 1 || strings.Count(log.String(), "router-a has ended by itself") < 2 {
		t.Errorf("exit code %d\n%s", code, &log)
	}
	if !strings.Contains(out.String(), "conn_1w_rate") { // of the others
		t.Errorf("got\n%s", &out)
	}
}

// TestNoLinkIsTold has a plugin that makes no site.
func TestNoLinkIsTold(t *testing.T) {
	plugin, err := exec.LookPath("false")
	if err != nil {
		t.Skip(err)
	}
	var out, log bytes.Buffer
	code := run(t.Context(), []string{"-router", os.Args[0], "-plugin", plugin, "-only", "redeem"}, &out, &log)
	if code != 1 || !strings.Contains(log.String(), `false ["site" "create" "west"`) {
		t.Errorf("exit code %d\n%s", code, &log)
	}
}

func TestNothingOutlivesAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var out, log bytes.Buffer
	start := time.Now()
	if code := run(ctx, []string{"-router", os.Args[0], "-dur", "20s", "-only", "lat_1c"}, &out, &log); code != 1 {
		t.Errorf("exit code %d\n%s", code, &log)
	}
	if d := time.Since(start); d > 15*time.Second {
		t.Errorf("it went on for %v", d)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, args, want string // what the error says; empty: none
	}{
		{"defaults", "-router r", ""},
		{"all", "-router r -skrouterd s -out o -dur 50ms -rounds 100 -only ^lat -idle 1,2,100000 -settle 1m", ""},
		{"no router", "", "want -router"},
		{"operand", "-router r x", "flags only"},
		{"short", "-router r -dur 49ms", "-dur is 49ms"},
		{"long", "-router r -dur 61s", "-dur is 1m1s"},
		{"no round", "-router r -rounds 0", "-rounds is 0"},
		{"rounds", "-router r -rounds 101", "-rounds is 101"},
		{"expression", "-router r -only (", "-only: "},
		{"descending", "-router r -idle 5,5", "5 is not between 6 and"},
		{"no number", "-router r -idle 5,", `"" is not a number`},
		{"too many", "-router r -idle 100001", "100001 is not between"},
		{"settle", "-router r -settle -1s", "-settle is -1s"},
		{"all at once", "-dur 1h -rounds 0", "-rounds is 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(strings.Fields(c.args), &bytes.Buffer{})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAffordable(t *testing.T) {
	var log bytes.Buffer
	r := &runner{log: &log}
	if got := r.affordable([]int{1000, 5000}, 10_499); len(got) != 1 || got[0] != 1000 || !strings.Contains(log.String(), "NOT MEASURED: 5000") {
		t.Errorf("got %v\n%s", got, &log)
	}
	if got := r.affordable([]int{1000, 5000}, 10_500); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestTurned(t *testing.T) {
	all := []target{{name: "a"}, {name: "b"}, {name: "c"}}
	for by, want := range []string{"abc", "bca", "cab", "abc"} {
		var got string
		for _, x := range turned(all, by) {
			got += x.name
		}
		if got != want {
			t.Errorf("by %d: %s, want %s", by, got, want)
		}
	}
}
