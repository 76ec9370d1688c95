//go:build podman

package podman

import (
	"fmt"
	"strings"
	"testing"
)

// Sites that come and go at the same time share an image that goes with the last one: none takes it from another, and the last leaves nothing.
func TestTogether(t *testing.T) {
	p := in(t, "one")
	all := []place{p}
	for _, ns := range []string{"two", "three"} {
		all = append(all, place{t: t, home: p.home, ns: ns, env: p.env})
	}
	each := func(round int, does func(q place, n int) result) {
		t.Helper()
		done := make(chan string, len(all))
		for n, q := range all {
			go func() {
				r := does(q, n)
				if r.code == 0 {
					r.err = ""
				}
				done <- r.err
			}()
		}
		for range all {
			if said := <-done; said != "" {
				t.Errorf("round %d: %s", round, said)
			}
		}
	}
	p.do("site", "create", "one")
	for round := range 3 { // in each some go while others come
		each(round, func(q place, n int) result {
			if (n+round)%2 == 0 && (round > 0 || n == 0) {
				return q.try("site", "delete", "--all", "--timeout", "3m")
			}
			if strings.Contains(q.try("site", "status").out, "Ready") {
				return q.try("system", "reload", "--timeout", "3m")
			}
			return q.try("site", "create", q.ns, "--timeout", "3m")
		})
	}
	for _, q := range all {
		if r := q.try("site", "delete", "--all"); r.code != 0 && r.code != 4 {
			t.Errorf("delete ended with %d: %s", r.code, r.err)
		}
	}
	engine.nothingLeft(t)
}

// Of commands at the same moment each is done or says why not, whatever the others do, and the site is as the last one wants it.
func TestApplyWhileReloaded(t *testing.T) {
	p := in(t, "busy")
	p.do("site", "create", "busy")
	done := make(chan result)
	for n := range 8 {
		go func() {
			if n%2 == 0 {
				done <- p.try("system", "reload", "--timeout", "3m")
				return
			}
			done <- p.try("listener", "create", fmt.Sprint("l", n), fmt.Sprint(20000+n), "--wait", "none")
		}()
	}
	for range 8 {
		if r := <-done; r.code != 0 {
			t.Errorf("ended with %d: %s", r.code, r.err)
		}
	}
	for n := 1; n < 8; n += 2 {
		p.shows(fmt.Sprintf(`l%d +Pending`, n), "listener", "status")
	}
	p.do("site", "delete", "--all")
	engine.nothingLeft(t)
}
