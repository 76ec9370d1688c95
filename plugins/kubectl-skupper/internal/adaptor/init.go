package adaptor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

const (
	initWait = 60 * time.Second
	// proxyWait is how long init waits for what only some links need.
	proxyWait = 10 * time.Second
)

// prepare writes what the router starts with, and returns when it is complete.
func (s *syncer) prepare(ctx context.Context) error {
	patience := s.patience
	if patience == 0 {
		patience = initWait
	}
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	told := ""
	for {
		s.disk.byName = time.Since(began) >= patience/2
		text, lacks := s.prepareOnce(min(proxyWait, patience/2) <= time.Since(began))
		if len(lacks) == 0 {
			if err := s.disk.writeConfig(text); err != nil {
				return fmt.Errorf("write the router's configuration: %w", err)
			}
			s.Log.Info().Dur("took", time.Since(began)).Msg("adaptor.prepared")
			return nil
		}
		if now := strings.Join(lacks, "; "); now != told {
			told = now
			s.Log.Info().Strs("waiting", lacks).Msg("adaptor.waiting")
		}
		select {
		case <-s.wake:
		case <-time.After(proxyWait / 10):
		case <-waiting.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("the router cannot start: after %v there is still missing: %s; next: see what the controller says of the site, kubectl describe site", patience, told)
		}
	}
}

// prepareOnce writes what is there, and tells what is not. With withoutProxies, passwords of proxies are no reason to wait.
func (s *syncer) prepareOnce(withoutProxies bool) (text string, lacks missing) {
	if _, known := s.configs.all(); !known {
		return "", missing{"an answer of the API server about configmap " + s.RouterConfig}
	}
	secrets, known := s.secrets.all()
	if !known {
		return "", missing{"an answer of the API server about secrets"}
	}
	text, want, err := s.wanted()
	if err != nil {
		return "", missing{err.Error()}
	}
	lacks, _ = s.disk.writeCredentials(want, secrets)
	if withoutProxies {
		lacks, _ = s.disk.writeCredentials(&config.Config{SSLProfiles: want.SSLProfiles}, secrets)
	}
	return text, lacks
}
