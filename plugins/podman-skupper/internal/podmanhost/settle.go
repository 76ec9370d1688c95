package podmanhost

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/claim"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/op"
)

// Wake implements op.System.
func (s system) Wake(ctx context.Context) (stopped bool, err error) {
	needed, stopped, err := s.needed(ctx)
	if !needed || err != nil {
		return stopped, err
	}
	if _, err := daemon.EnsureAgent(ctx, s.paths); err != nil {
		return false, err
	}
	return false, s.client().Poke(ctx, s.dir.Name())
}

// Settle implements op.System. The agent answers when it has done a pass that began after it was asked.
func (s system) Settle(ctx context.Context) (stopped bool, err error) {
	needed, stopped, err := s.needed(ctx)
	if !needed || err != nil {
		return stopped, err
	}
	return false, s.reconcile(ctx)
}

// needed tells whether anybody has to act on what the store has: there is a site that is not stopped, or what is left of one.
func (s system) needed(ctx context.Context) (needed, stopped bool, err error) {
	sites, err := s.store.List(ctx, v2alpha1.KindSite)
	if err != nil {
		return false, false, err
	}
	if len(sites) == 0 {
		// An agent that runs may be about to make what is not there yet, for a site that was there a moment ago.
		_, none := s.client().Health(ctx)
		return exists(s.dir.RouterConfig()) || exists(s.dir.Platform()) || none == nil && s.store.Exists() || s.look.State(ctx).Running, false, nil
	}
	stopped = exists(s.dir.Stopped())
	return !stopped, stopped, nil
}

// redeemer tells why it has no answer yet.
type redeemer struct{ claim.Redeemer }

var (
	_ op.Talker  = redeemer{}
	_ op.Renewer = redeemer{}
)

// Telling implements op.Talker.
func (r redeemer) Telling(tell func(error)) op.Redeemer {
	r.Progress = func(err error, _ time.Duration) { tell(err) }
	return r
}

// Anew implements op.Renewer.
func (r redeemer) Anew() op.Redeemer {
	r.Redeemer.Anew = true
	return r
}

// prober tries servers from where the router is: on this machine.
type prober struct{}

// probeTime bounds one try.
const probeTime = time.Second

// Probe implements op.Prober.
func (prober) Probe(ctx context.Context, host string, port int) error {
	d := net.Dialer{Timeout: probeTime}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return c.Close()
}
