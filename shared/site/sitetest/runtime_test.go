package sitetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

// pretender does as if it ran a router: enough to see that the suite asks for nothing more than the port promises.
type pretender struct {
	mu    sync.Mutex
	d     *site.Desired
	since time.Time
}

func (p *pretender) Start(_ context.Context, d site.Desired) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.d == nil {
		p.since = time.Now()
	}
	p.d = &d
	return nil
}

func (p *pretender) Stop(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.d = nil
	return nil
}

func (p *pretender) Observe(context.Context) (site.Observed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := site.Observed{Now: time.Now()}
	if p.d == nil {
		return o, nil
	}
	o.Running, o.RouterID, o.Since, o.Addresses = true, p.d.RouterID, p.since, map[string]site.AddressState{}
	for i := range p.d.Config.TCPListeners {
		o.Addresses[p.d.Config.TCPListeners[i].Address] = site.AddressState{LocalListeners: 1}
	}
	return o, nil
}

func TestPretender(t *testing.T) {
	sitetest.TestRuntime(t, func(*testing.T) sitetest.Trial {
		return sitetest.Trial{Runtime: &pretender{}, FreePort: 1, Patience: 5 * time.Second,
			Desired: site.Desired{RouterID: "east-x", SiteID: "id", Config: &config.Config{}}}
	})
}
