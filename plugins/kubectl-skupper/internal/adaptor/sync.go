package adaptor

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
)

const (
	recheck    = 30 * time.Second // the router is compared with what is wanted at least this often
	askEvery   = 10 * time.Second // the router is asked whether it still answers
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// syncer makes the disk and the router as the cluster says. One goroutine runs it.
type syncer struct {
	Options
	configs *table[*corev1.ConfigMap, string]
	secrets *table[*corev1.Secret, credential]
	wake    chan struct{} // something in the cluster is another; has room for one
	disk    *disk
	health  *health
	counts  *counters

	client    *manage.Client // nil: not connected
	done      [sha256.Size]byte
	doneAt    time.Time
	passwords []string // of proxies, that the router is still to read again
	told      map[string]string
}

// run works until ctx ends.
func (s *syncer) run(ctx context.Context) {
	defer s.disconnect()
	s.told = map[string]string{}
	retry, began := firstRetry, time.Now()
	for ctx.Err() == nil {
		s.disk.byName = time.Since(began) >= initWait/2
		err := s.once(ctx)
		wait := askEvery
		if err != nil {
			wait, retry = retry, min(2*retry, lastRetry)
			s.counts.failures.Add(1)
		} else {
			retry = firstRetry
		}
		if ctx.Err() == nil {
			s.tell("sync", err)
		}
		if s.await(ctx, wait) {
			retry = firstRetry
		}
	}
}

// await waits for the next reason to work, and tells whether it is one of the cluster's or router's.
func (s *syncer) await(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var over <-chan struct{}
	if s.client != nil {
		over = s.client.Done()
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.wake:
		return true
	case <-over:
		s.disconnect()
		s.health.set(errors.New("the router has closed the connection"))
		return true
	}
	return false
}

// tell logs what is wrong once, and once that it is not any more.
func (s *syncer) tell(what string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == s.told[what] {
		return
	}
	s.told[what] = text
	if err != nil {
		s.Log.Warn().Err(err).Msg("adaptor." + what + ".failing")
	} else {
		s.Log.Info().Msg("adaptor." + what + ".fine")
	}
}

// once brings disk and router to what the cluster says now.
func (s *syncer) once(ctx context.Context) error {
	text, want, err := s.wanted()
	s.tell("configuration", err) // whatever it is, the router keeps what it has
	var lacks missing
	secrets, known := s.secrets.all()
	if want != nil && known {
		var replaced []string
		lacks, replaced = s.disk.writeCredentials(want, secrets)
		for _, p := range replaced {
			if !slices.Contains(s.passwords, p) {
				s.passwords = append(s.passwords, p)
			}
		}
		var waiting error
		if len(lacks) > 0 {
			waiting = errors.New("waiting for " + strings.Join(lacks, "; "))
		}
		s.tell("credentials", waiting)
	}
	if err := s.connect(ctx); err != nil {
		s.health.set(err)
		return err
	}
	if want == nil {
		return s.ask(ctx)
	}
	if err := s.apply(ctx, text, want); err != nil {
		return err
	}
	if len(lacks) == 0 { // what a router of this pod that ends and comes back starts with
		return s.disk.writeConfig(text)
	}
	return nil
}

// wanted is the configuration in the cluster; nil without an error if it was not read yet.
func (s *syncer) wanted() (string, *config.Config, error) {
	texts, known := s.configs.all()
	if !known {
		return "", nil, nil
	}
	text, ok := texts[s.RouterConfig]
	if !ok {
		return "", nil, fmt.Errorf("there is no configmap %s with a configuration", s.RouterConfig)
	}
	want, err := config.Parse([]byte(text))
	if err != nil {
		return "", nil, fmt.Errorf("configmap %s: %w", s.RouterConfig, err)
	}
	if want.Router.ID == "" { // half a configuration, by which everything of the router would have to go
		return "", nil, fmt.Errorf("configmap %s: there is no router with an id in it", s.RouterConfig)
	}
	return text, want, nil
}

func (s *syncer) connect(ctx context.Context) error {
	if s.client != nil {
		return nil
	}
	client, err := manage.Dial(ctx, manage.Options{URL: s.Router})
	if err != nil {
		return err
	}
	s.client, s.done = client, [sha256.Size]byte{}
	return nil
}

func (s *syncer) disconnect() {
	if s.client != nil {
		_ = s.client.Close() // nothing is under way on it
		s.client = nil
	}
}

// ask asks the router for a sign of life.
func (s *syncer) ask(ctx context.Context) error {
	_, err := s.client.Query(ctx, "router", "id")
	return s.answered(err)
}

// answered notes whether the router can be managed. A refusal is an answer.
func (s *syncer) answered(err error) error {
	var refusal *manage.StatusError
	if err == nil || errors.As(err, &refusal) && s.alive() {
		s.health.set(nil)
		return err
	}
	s.health.set(err)
	s.disconnect()
	return err
}

func (s *syncer) alive() bool {
	select {
	case <-s.client.Done():
		return false
	default:
		return true
	}
}

// apply makes the router's configuration what is wanted, if that, or what is there for it, is another than last time.
func (s *syncer) apply(ctx context.Context, text string, want *config.Config) error {
	sum := s.sum(text)
	if sum == s.done && time.Since(s.doneAt) < recheck && len(s.passwords) == 0 {
		return s.ask(ctx)
	}
	have := s.disk.view()
	var obsolete []string // profiles
	changes, err := s.client.Bring(ctx, func(live *config.Config) (from, to *config.Config) {
		from, to = plan(live, want, have)
		for name := range s.disk.ordinals {
			if !slices.ContainsFunc(to.SSLProfiles, func(p config.SSLProfile) bool { return p.Name == name }) {
				obsolete = append(obsolete, name)
			}
		}
		return from, to
	})
	var old error
	if unknown := s.client.Unknown(); len(unknown) > 0 {
		old = fmt.Errorf("the router does not know %s: what needs that is left out, an image of another version may know it", strings.Join(unknown, ", "))
	}
	s.tell("router", old)
	if !changes.Empty() && err == nil {
		s.counts.changes.Add(1)
		s.Log.Info().Int("created", len(changes.Created)).Int("updated", len(changes.Updated)).Int("deleted", len(changes.Deleted)).Msg("router.changed")
	}
	if err := s.answered(err); err != nil {
		return err
	}
	if err := s.readAgain(ctx, want); err != nil {
		return err
	}
	for _, name := range obsolete {
		s.disk.dropProfile(name)
	}
	s.done, s.doneAt = sum, time.Now()
	return nil
}

// readAgain has the router read the passwords of proxies that were replaced.
func (s *syncer) readAgain(ctx context.Context, want *config.Config) error {
	for len(s.passwords) > 0 {
		name := s.passwords[0]
		i := slices.IndexFunc(want.ProxyProfiles, func(p config.ProxyProfile) bool { return p.Name == name })
		if i >= 0 {
			p := want.ProxyProfiles[i]
			attrs := map[string]any{"host": p.Host, "port": p.Port, "username": p.Username, "password": p.Password}
			if err := s.answered(s.client.Update(ctx, "proxyProfile", name, attrs)); err != nil {
				return err
			}
		}
		s.passwords = s.passwords[1:]
	}
	return nil
}

// sum identifies what apply works from.
func (s *syncer) sum(text string) (out [sha256.Size]byte) {
	h := sha256.New()
	h.Write([]byte(text))
	for _, name := range slices.Sorted(maps.Keys(s.disk.ordinals)) {
		h.Write([]byte(name))
		h.Write(binary.BigEndian.AppendUint64([]byte{0}, s.disk.ordinals[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(s.disk.passwords)) {
		h.Write([]byte{1})
		h.Write([]byte(name))
	}
	return [sha256.Size]byte(h.Sum(nil))
}
