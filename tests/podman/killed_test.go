//go:build podman

package podman

import (
	"strings"
	"testing"
	"time"
)

// An engine that is killed while a site is made is named, with what starts it; when it is there again, the same command does it, and
// nothing is left of the first.
func TestEngineKilled(t *testing.T) {
	for _, after := range []time.Duration{30 * time.Millisecond, 150 * time.Millisecond, 500 * time.Millisecond, 1200 * time.Millisecond, 2 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			p := in(t, "killed")
			done := make(chan result, 1)
			go func() { done <- p.try("site", "create", "killed") }()
			time.Sleep(after) // whatever it does by then
			if err := engine.Kill(); err != nil {
				t.Fatal(err)
			}
			r := <-done
			starts := map[string]string{"podman": "podman.socket", "docker": "systemctl start docker"}[engine.Kind]
			if r.code != 0 && (r.code != 125 || !strings.Contains(r.err, "\ntry: systemctl") || !strings.Contains(r.err, starts) || strings.Contains(r.err, "http://")) {
				t.Errorf("ended with %d and said %q", r.code, r.err)
			}
			if strings.Count(r.err, "nobody answers") > 1 {
				t.Errorf("says it twice: %q", r.err)
			}
			engine.mustUp(t)
			p.do("site", "create", "killed")
			p.shows(`Ready +OK`, "site", "status")
			p.do("site", "delete", "--all")
			engine.nothingLeft(t)
		})
	}
}

// An engine that is killed while a site goes keeps nothing of the site for long when it is there again, though nobody
// asks a second time.
func TestEngineKilledWhileDeleted(t *testing.T) {
	for _, after := range []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, time.Second, 2 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			p := in(t, "killed")
			p.do("site", "create", "killed")
			done := make(chan result, 1)
			go func() { done <- p.try("site", "delete", "--all") }()
			time.Sleep(after) // whatever it does by then
			if err := engine.Kill(); err != nil {
				t.Fatal(err)
			}
			if r := <-done; r.code != 0 && r.code != 125 {
				t.Errorf("ended with %d: %s", r.code, r.err)
			}
			engine.mustUp(t)
			soon(t, "nothing is left", func() bool { return engine.Left(t.Context()) == nil })
		})
	}
}
