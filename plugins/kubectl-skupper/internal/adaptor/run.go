package adaptor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Run does what o says until that is done or ctx ends. It returns an error only for what another start may mend.
func Run(ctx context.Context, o Options) error {
	if err := o.check(); err != nil {
		return fmt.Errorf("start the adaptor: %w", err)
	}
	api, err := connect(o.Cluster, o.Version)
	if err != nil {
		return fmt.Errorf("start the adaptor: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel(nil) // before Wait

	s := &syncer{Options: o, wake: make(chan struct{}, 1), disk: newDisk(o.ConfigDir, o.ProxyDir), health: newHealth()}
	s.counts = &counters{health: s.health}
	poke := func() {
		select {
		case s.wake <- struct{}{}:
		default: // it will look anyway
		}
	}
	s.configs, s.secrets = newTable(readConfig, poke), newTable(readSecret, poke)
	parts.Go(func() { follow(ctx, o.Log, api.configMap(o.Namespace, o.RouterConfig), s.configs) })
	parts.Go(func() { follow(ctx, o.Log, api.secrets(o.Namespace), s.secrets) })
	if o.Init {
		return s.prepare(ctx)
	}
	for address, at := range map[string]map[string]http.Handler{
		o.Health:  {"/healthz": s.health, names.DrainPath: newDrain(o, api)},
		o.Metrics: {"/metrics": s.counts},
	} {
		if address == "" {
			continue
		}
		wait, err := serve(ctx, address, at)
		if err != nil {
			return err
		}
		parts.Go(func() {
			if err := wait(); err != nil {
				cancel(err)
			}
		})
	}
	parts.Go(func() { newLeader(o, api, s.counts).run(ctx) })
	s.run(ctx)
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
