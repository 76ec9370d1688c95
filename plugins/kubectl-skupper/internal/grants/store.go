package grants

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
	"github.com/skupper-plugins/suite/shared/grant/together"
)

const (
	writes     = 6                      // tries of a write that others forestall
	lag        = 500 * time.Millisecond // that a cache may be behind: a token can be redeemed the moment its grant is ready
	lagStep    = 20 * time.Millisecond
	maxWritten = 1024 // grants whose latest version is remembered
)

// store keeps redemptions in the annotations of the grants, and before that in the journals of their namespaces.
type store struct {
	cache    client.Reader
	live     client.Reader // not the cache
	write    client.Writer
	scope    scope.Scope
	log      zerolog.Logger
	unfolded chan struct{} // of capacity 1: full while there are journals to be folded

	mu       sync.Mutex
	byUID    map[string]client.ObjectKey      // all grants there are
	written  map[string]*v2alpha1.AccessGrant // by UID: what this process wrote or read last, which the cache may not have yet
	journals map[string]*journal              // by namespace
	dirty    map[string]bool                  // namespaces with a journal that is to be folded
}

var _ grantserver.Grants = (*store)(nil)

// add and remove follow the grants there are.
func (s *store) add(obj any) {
	if g, ok := obj.(*v2alpha1.AccessGrant); ok {
		s.mu.Lock()
		s.byUID[string(g.UID)] = client.ObjectKeyFromObject(g)
		s.mu.Unlock()
	}
}

func (s *store) remove(obj any) {
	if g, ok := obj.(*v2alpha1.AccessGrant); ok {
		s.mu.Lock()
		delete(s.byUID, string(g.UID))
		delete(s.written, string(g.UID))
		s.mu.Unlock()
	}
}

// Grant implements grantserver.Grants.
func (s *store) Grant(ctx context.Context, uid string) (grant.Grant, error) {
	for end := time.Now().Add(lag); ; {
		obj, err := s.latest(ctx, uid)
		switch {
		case err == nil && obj.Status.ExpirationTime != "":
			return grant.Of(obj)
		case err != nil && !fault.Is(err, fault.Missing):
			return grant.Grant{}, err
		case time.Now().After(end) && err != nil:
			return grant.Grant{}, err
		case time.Now().After(end):
			return grant.Of(obj)
		}
		timer := time.NewTimer(lagStep)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return grant.Grant{}, ctx.Err()
		}
	}
}

// latest is the newest version of a grant that is known here.
func (s *store) latest(ctx context.Context, uid string) (*v2alpha1.AccessGrant, error) {
	s.mu.Lock()
	key, there := s.byUID[uid]
	if ns, name, byKey := strings.Cut(uid, "/"); byKey {
		key = client.ObjectKey{Namespace: ns, Name: name}
		for is, k := range s.byUID {
			if k == key {
				uid, there = is, true
			}
		}
	}
	s.mu.Unlock()
	missing := fault.New(fault.Missing, "there is no such grant", "")
	if !there {
		return nil, missing
	}
	if in, err := s.scope.Controls(ctx, key.Namespace); err != nil || !in {
		if err == nil {
			err = missing
		}
		return nil, err
	}
	waiting := s.journal(key.Namespace).known() // before the grant is read, or what is folded meanwhile would be in neither
	s.mu.Lock()
	own := s.written[uid]
	s.mu.Unlock()
	var g v2alpha1.AccessGrant
	if err := s.cache.Get(ctx, key, &g); err != nil {
		if apierrors.IsNotFound(err) {
			err = missing
		}
		return nil, err
	}
	if string(g.UID) != uid {
		return nil, missing // another one of that name
	}
	if own != nil {
		if version(own) > version(&g) {
			newer := own.DeepCopy()
			return newer, waiting.apply(newer)
		}
		s.mu.Lock()
		if s.written[uid] == own {
			delete(s.written, uid) // the cache has caught up
		}
		s.mu.Unlock()
	}
	return &g, waiting.apply(&g)
}

// remember keeps a version that the cache may not have yet.
func (s *store) remember(g *v2alpha1.AccessGrant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.written[string(g.UID)]; old != nil && version(old) > version(g) {
		return
	}
	for uid := range s.written {
		if len(s.written) < maxWritten {
			break
		}
		delete(s.written, uid) // any: what is forgotten is read again
	}
	s.written[string(g.UID)] = g
}

// Confirm implements grantserver.Grants, for one redemption or several.
func (s *store) Confirm(ctx context.Context, uid string, r grant.Redemption) error {
	g, err := s.latest(ctx, uid)
	if err != nil {
		return err
	}
	return s.journal(g.Namespace).record(ctx, client.ObjectKeyFromObject(g), uid, r)
}

// journal is that of a namespace.
func (s *store) journal(namespace string) *journal {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.journals[namespace]
	if j == nil {
		j = &journal{namespace: namespace, cache: s.cache, live: s.live, write: s.write, remember: s.remember,
			log: s.log.With().Str("namespace", namespace).Logger(), queue: together.New[*use](), entries: entries{}}
		s.journals[namespace] = j
	}
	return j
}

// seen follows the ConfigMaps that are journals. What another server has written is to be known here too, and to be folded.
func (s *store) seen(ctx context.Context, obj any) {
	if m, ok := obj.(*corev1.ConfigMap); ok && m.Name == names.GrantJournal {
		s.journal(m.Namespace).see(ctx, m)
		s.note(m.Namespace)
	}
}

// unseen is seen of one that was deleted. What was in it is folded, if anything was.
func (s *store) unseen(obj any) {
	m, ok := obj.(*corev1.ConfigMap)
	if !ok || m.Name != names.GrantJournal {
		return
	}
	if len(s.journal(m.Namespace).known()) > 0 {
		s.note(m.Namespace)
		return
	}
	s.mu.Lock()
	delete(s.journals, m.Namespace) // whoever has it still shares with the next as with another server
	s.mu.Unlock()
}

// note has the journal of a namespace be folded.
func (s *store) note(namespace string) {
	s.mu.Lock()
	s.dirty[namespace] = true
	s.mu.Unlock()
	select {
	case s.unfolded <- struct{}{}:
	default: // somebody is told already
	}
}

// changed are the journals that are to be folded.
func (s *store) changed() (out []*journal) {
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = map[string]bool{}
	s.mu.Unlock()
	for namespace := range dirty {
		out = append(out, s.journal(namespace))
	}
	return out
}
