package agent

import (
	"context"
	"time"
)

// abandonTime bounds one try to end the router of a namespace whose directory was removed. The end of the agent does not cut it off:
// no other agent would know of that router.
const abandonTime = 90 * time.Second

// abandon ends the router of a namespace whose directory somebody removed, and tells whether that is done.
func (n *namespace) abandon(ctx context.Context, waiting []request) (done bool) {
	n.wanted.Store(false)
	n.agent.ports.keep(n.name, nil)
	n.agent.grants.forget(ctx, n)
	removal, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTime)
	defer cancel()
	var rep Report
	rep.fail(n.runtime.Remove(removal))
	done = rep.Error == ""
	switch {
	case done:
		n.log.Warn().Msg("namespace.removed")
	case rep.Error != n.complaint():
		n.complain.Store(&rep.Error)
		n.log.Error().Str("err", rep.Error).Msg("namespace.removal")
	}
	for _, w := range waiting {
		w.done <- rep
	}
	return done
}

// leave is what is left to do for a namespace when the agent ends: to end the router of one whose directory is gone, as with the whole
// home, and which therefore nobody will find any more. Somebody may have made that directory again, for another agent: then the router is
// that agent's once it has a configuration.
func (n *namespace) leave(ctx context.Context) {
	for end := time.Now().Add(removalTime); ; time.Sleep(removalTime / 50) {
		gone := !n.agent.lock.Standing()
		if !n.store.Exists() || gone && !exists(n.dir.RouterConfig()) {
			n.abandon(ctx, nil)
			return
		}
		if !gone || time.Now().After(end) {
			return
		}
	}
}

// removalTime is how long somebody may take to remove a home whose agent has gone already.
const removalTime = 5 * time.Second
