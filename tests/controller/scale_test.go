//go:build kube && linux

package controller

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

// EnvScale asks for a measurement with that many sites of 20 listeners each.
const EnvScale = "SKUPPER_SCALE"

// TestScale measures what the controller needs with many sites, at rest and for a change. It holds nobody to figures: machines
// differ.
func TestScale(t *testing.T) {
	sites, err := strconv.Atoi(os.Getenv(EnvScale))
	if err != nil || sites < 1 {
		t.Skipf("SKIPPED, NOTHING WAS MEASURED: %s is not the number of sites", EnvScale)
	}
	usage := func() (cpu time.Duration, rss string) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", running.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		for _, i := range []int{11, 12} { // user and system, in hundredths of a second
			n, _ := strconv.Atoi(f[i])
			cpu += time.Duration(n) * 10 * time.Millisecond
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", running.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ = strings.Cut(string(status), "VmRSS:")
		line, _, _ := strings.Cut(rest, "\n")
		return cpu, strings.TrimSpace(line)
	}
	_, rss := usage()
	t.Logf("before: RSS %s", rss)
	start := time.Now()
	places := make([]*place, sites)
	var next sync.Mutex
	n := 0
	var wg sync.WaitGroup
	for range 2 * runtime.NumCPU() {
		wg.Go(func() {
			for {
				next.Lock()
				i := n
				n++
				next.Unlock()
				if i >= sites {
					return
				}
				p := newPlace(t)
				places[i] = p
				p.runningSite(`{}`)
				for l := range 20 {
					p.create("Listener", fmt.Sprintf("l%d", l), fmt.Sprintf(`{"routingKey":"l%d","host":"l%d","port":80}`, l, l))
				}
			}
		})
	}
	wg.Wait()
	made := time.Now()
	for _, p := range places {
		p.condition("listeners", "l19", "Configured", "True", "OK")
	}
	cpu, rss := usage()
	t.Logf("%d sites made in %v, configured %v later; RSS %s, CPU %v", sites, made.Sub(start).Round(time.Second), time.Since(made).Round(10*time.Millisecond), rss, cpu)
	time.Sleep(5 * time.Second)
	before, _ := usage()
	counted := counts(t)
	const rest = 30 * time.Second
	time.Sleep(rest)
	after, rss := usage()
	t.Logf("at rest: %.2f %% of a core, RSS %s", 100*float64(after-before)/float64(rest), rss)
	for name, n := range counts(t) {
		if d := n - counted[name]; d > 0 {
			t.Logf("meanwhile %s: %v", name, d)
		}
	}
	for i := range 5 {
		p := places[i*sites/5]
		key := fmt.Sprintf("changed%d", i)
		p.patch("listeners", "l7", `{"spec":{"routingKey":"`+key+`"}}`)
		since := time.Now()
		p.config("the new key", func(c *config.Config) bool { l := tcpListener(c, "listener/l7"); return l != nil && l.Address == key })
		t.Logf("a changed listener is in the configuration after %v", time.Since(since).Round(time.Millisecond))
	}
}

// counts are the controller's counters of reconciles and requests.
func counts(t *testing.T) map[string]float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+running.metrics+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, line := range strings.Split(string(text), "\n") {
		name, value, _ := strings.Cut(line, "} ")
		if strings.HasPrefix(name, "controller_runtime_reconcile_total") || strings.HasPrefix(name, "rest_client_requests_total") {
			out[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return out
}
