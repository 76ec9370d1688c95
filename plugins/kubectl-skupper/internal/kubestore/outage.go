package kubestore

import (
	"context"
	"errors"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// How long a cluster that has answered before may be away while something is read. One that never answered is given up at once:
// as a rule it is the wrong one.
const (
	outage     = 30 * time.Second
	askAgain   = 200 * time.Millisecond // the first time; grows twofold
	longestAsk = 2 * time.Second        // and not beyond this
)

// read does something that changes nothing, again if the cluster is away: who waits for a change should not have to know that the
// API server is restarted meanwhile.
func (s *Store) read(ctx context.Context, do func() error) error {
	until := time.Now().Add(outage)
	for pause := askAgain; ; pause = min(2*pause, longestAsk) {
		err := do()
		if !away(err) {
			s.reached.Store(true)
			return err
		}
		if !s.reached.Load() || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// away tells that no answer came, or that of somebody who has nothing to say.
func away(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return apierrors.IsServiceUnavailable(err)
	}
	var asked *url.Error
	return errors.As(err, &asked)
}
