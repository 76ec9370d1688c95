//go:build kube

package kube

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestFigures measures what a listing costs against kubectl, where there is one, over the same server: go test -tags kube -run Figures -v.
// It wants nothing but that both work: the figures are for people, on a machine that has nothing else to do.
func TestFigures(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("SKIPPED, NOTHING WAS MEASURED: there is no kubectl")
	}
	sh := links(t)
	commands := map[string][]string{"plugin": {plugin, "link", "status"}, "kubectl": {kubectl, "get", "links.skupper.io"}}
	type cost struct{ wall, cpu time.Duration }
	costs := map[string][]cost{}
	const runs = 20
	for range runs {
		for name, words := range commands { // by turns, so that both meet the same load
			cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
			cmd.Env = append(os.Environ(), "HOME="+filepath.Join(sh.dir, "figures"), "KUBECONFIG="+sh.file("config"))
			start := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
			costs[name] = append(costs[name], cost{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()})
		}
	}
	median := func(name string, of func(cost) time.Duration) time.Duration {
		var all []time.Duration
		for _, c := range costs[name] {
			all = append(all, of(c))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	wall, cpu := func(c cost) time.Duration { return c.wall }, func(c cost) time.Duration { return c.cpu }
	for name := range commands {
		t.Logf("%-8s wall %6.1f ms, CPU %6.1f ms (medians of %d)", name, ms(median(name, wall)), ms(median(name, cpu)), runs)
	}
	t.Logf("plugin / kubectl: wall %.2f, CPU %.2f", ms(median("plugin", wall))/ms(median("kubectl", wall)), ms(median("plugin", cpu))/ms(median("kubectl", cpu)))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
