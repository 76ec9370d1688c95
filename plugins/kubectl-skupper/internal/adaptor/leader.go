package adaptor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// The times of the lease are those of all adaptors.
const (
	leaseFor   = 15 * time.Second
	renewFor   = 10 * time.Second
	leaseRetry = 2 * time.Second
)

// leader has this adaptor be the one of the site that speaks for it, or not.
//
// Two things are told apart. Who holds the lease may write the network status. Who held it last goes on telling the network of
// the site until somebody else holds it: otherwise a site whose API server is away for a while would seem to be gone.
type leader struct {
	Options
	api    clients
	counts *counters
	seen   chan struct{} // somebody may hold the lease now; has room for one

	elector atomic.Pointer[leaderelection.LeaderElector] // nil: not taking part

	mu   sync.Mutex
	last string // who held it last
}

func newLeader(o Options, api clients, counts *counters) *leader {
	return &leader{Options: o, api: api, counts: counts, seen: make(chan struct{}, 1)}
}

// run takes part until ctx ends.
func (l *leader) run(ctx context.Context) {
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { l.campaign(ctx) })
	var end func() // of the duty; nil: not on duty
	defer func() {
		if end != nil {
			end()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.seen:
		}
		l.mu.Lock()
		mine := l.last == l.Identity
		l.mu.Unlock()
		switch {
		case mine && end == nil:
			l.Log.Info().Msg("leader.begins")
			end = l.begin(ctx)
		case !mine && end != nil:
			l.Log.Info().Msg("leader.ends")
			end()
			end = nil
		}
	}
}

// begin goes on duty, until the function that it returns is called.
func (l *leader) begin(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var duty sync.WaitGroup
	duty.Go(func() { l.duty(ctx) })
	return func() {
		cancel()
		duty.Wait()
	}
}

// campaign tries to hold the lease, again and again.
func (l *leader) campaign(ctx context.Context) {
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: l.Namespace, Name: names.SiteLeader},
		Client:     l.api.leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: l.Identity},
	}
	for ctx.Err() == nil {
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, Name: names.SiteLeader, LeaseDuration: leaseFor, RenewDeadline: renewFor, RetryPeriod: leaseRetry, ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { l.counts.leader.Store(true) },
				OnStoppedLeading: func() { l.counts.leader.Store(false) },
				OnNewLeader:      l.observe,
			},
		})
		if err != nil { // only an identity can be wrong
			l.Log.Error().Err(err).Msg("leader.impossible")
			return
		}
		l.elector.Store(elector)
		elector.Run(ctx)
		l.elector.Store(nil)
		pause(ctx, leaseRetry/4)
	}
}

// holds tells whether this adaptor has the lease.
func (l *leader) holds() bool {
	elector := l.elector.Load()
	return elector != nil && elector.IsLeader()
}

// observe notes who holds the lease.
func (l *leader) observe(identity string) {
	if identity == "" {
		return
	}
	l.mu.Lock()
	l.last = identity
	l.mu.Unlock()
	select {
	case l.seen <- struct{}{}:
	default: // it will look anyway
	}
}
