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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// TestShortSoak is all of it for a few seconds.
func TestShortSoak(t *testing.T) {
	router := buildRouter(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // when something is stuck
	defer cancel()
	var out, log bytes.Buffer
	code := run(ctx, []string{"-router", router, "-for", "10s", "-every", "2s", "-cut", "700ms", "-flows", "16", "-seed", "1"}, &out, &log)
	t.Logf("\n%s%s", &out, &log)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"router A at rest", "router E at rest", "router C at rest", " buf", "faults: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %q", want)
		}
	}
}

// TestRouterThatEnds has a program that is no router.
func TestRouterThatEnds(t *testing.T) {
	var out, log bytes.Buffer
	if code := run(t.Context(), []string{"-router", os.Args[0]}, &out, &log); code != 1 || !strings.Contains(log.String(), "has ended by itself") {
		t.Errorf("exit code %d\n%s", code, &log)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, args, want string // what the error says; empty: none
	}{
		{"defaults", "-router r", ""},
		{"all", "-router r -for 168h -flows 1000 -every 1s -cut 500ms -seed 18446744073709551615 -kinds ask,server-abort", ""},
		{"no faults", "-router r -cut 0", ""},
		{"no router", "", "want -router"},
		{"operand", "-router r x", "flags only"},
		{"short", "-router r -for 999ms", "-for is 999ms"},
		{"long", "-router r -for 169h", "-for is 169h"},
		{"no flow", "-router r -flows 0", "-flows is 0"},
		{"flows", "-router r -flows 1001", "-flows is 1001"},
		{"lines", "-router r -every 10ms", "-every is 10ms"},
		{"faults", "-router r -cut 499ms", "-cut is 499ms"},
		{"kinds", "-router r -kinds ask,odd", `"odd" is none of duplex,`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(strings.Fields(c.args), &bytes.Buffer{})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestMetricsIn(t *testing.T) {
	for text, want := range map[string][2]int{
		"# HELP go_goroutines Number.\n# TYPE go_goroutines gauge\ngo_goroutines 42\nskupper_router_buffers 3\n": {42, 3},
		"x 1\nskupper_router_goroutines 1.2e+01 1700000000\n":                                                    {12, -1},
		"go_goroutines\n": {-1, -1},
		"threads 5\n":     {-1, -1},
		"":                {-1, -1},
	} {
		g, b := metricsIn(strings.NewReader(text))
		if got := [2]int{g, b}; got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestBeyond(t *testing.T) {
	rest := gauges{memory: 10 << 20, files: 10, threads: 8, goroutines: -1, buffers: -1}
	most := gauges{memory: rest.memory + moreMemory, files: 10 + moreFiles, threads: 8 + moreThreads, goroutines: 10_000}
	if err := most.beyond(rest); err != nil {
		t.Errorf("as much as may be: %v", err)
	}
	for what, g := range map[string]gauges{
		"memory":     {memory: most.memory + 1<<20},
		"open files": {files: most.files + 1},
		"threads":    {threads: most.threads + 1},
	} {
		if err := g.beyond(rest); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	rest.goroutines = 20
	if err := (gauges{goroutines: 20 + moreGoroutines + 1}).beyond(rest); err == nil || !strings.Contains(err.Error(), "goroutines") {
		t.Errorf("goroutines: %v", err)
	}
	rest.buffers = 0
	if err := (gauges{buffers: moreBuffers + 1}).beyond(rest); err == nil || !strings.Contains(err.Error(), "buffers") {
		t.Errorf("buffers: %v", err)
	}
}
