//go:build linux

package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// why is what a connector says of itself.
func why(t *testing.T, n *routertest.Node, connector string) (text string) {
	t.Helper()
	n.Must(func(ctx context.Context, c *manage.Client) error {
		m, err := c.Read(ctx, "connector", connector)
		text = fmt.Sprint(m["connectionMsg"])
		return err
	})
	return text
}

// TestCertificateExpiresMidFlow lets the certificate of one end expire: flows go on as long as the link holds, a link that is cut is not made again and says
// why, and is as soon as there is a new certificate, without any restart.
func TestCertificateExpiresMidFlow(t *testing.T) {
	for _, who := range []string{"dialler", "listener"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			m := routertest.New(t)
			p := routertest.Self(m.Dir())
			a, b := m.Add("A", p), m.Add("B", p)
			cable := m.Cable("A", "B")
			soon, end := a, time.Now().Add(25*time.Second)
			if who == "listener" {
				soon = b
			}
			soon.ReissueFor(time.Until(end))
			m.Start()
			r := newTraffic(t)
			r.start(r.join(a, b, "x"), 2, 200_000, 200_000)
			r.flows(2)
			time.Sleep(time.Until(end.Add(time.Second)))
			r.flows(4)
			r.unharmed()
			r.strike()
			cable.Cut()
			a.AwaitListener("x-in", false)
			cable.Mend()
			routertest.Eventually(t, patience, func(context.Context) error {
				if text := why(t, a, "A-B"); !strings.Contains(text, "expired") {
					return fmt.Errorf("the connector says %q", text)
				}
				return nil
			})
			t.Logf("the link says: %s", why(t, a, "A-B"))
			renewed := time.Now()
			soon.Reissue()
			r.report("well again %v after there was a new certificate", r.heals(renewed))
		})
	}
}

// TestCASwappedMidFlow replaces the authority that all trust, and then certificates one by one: flows go on as long as the link holds, a link that is cut is
// made again once both ends have certificates of the new authority.
func TestCASwappedMidFlow(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b := m.Add("A", p), m.Add("B", p)
	cable := m.Cable("A", "B")
	m.Start()
	r := newTraffic(t)
	r.start(r.join(a, b, "x"), 2, 200_000, 200_000)
	r.flows(2)
	m.NewAuthority()
	b.Reissue()
	r.flows(4)
	r.unharmed()
	r.strike()
	cable.Cut()
	a.AwaitListener("x-in", false)
	cable.Mend()
	status(t, a, "A-B", "FAILED") // its certificate is of the former authority
	t.Logf("the link says: %s", why(t, a, "A-B"))
	renewed := time.Now()
	a.Reissue()
	r.report("well again %v after both ends had new certificates", r.heals(renewed))
}
