package grants

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
)

const (
	writes     = 6                      // tries to write a redemption
	lag        = 500 * time.Millisecond // that a cache may be behind: a token can be redeemed the moment its grant is ready
	lagStep    = 20 * time.Millisecond
	maxWritten = 1024 // grants whose latest version is remembered
)

// store keeps redemptions in the annotations of the grants.
type store struct {
	cache client.Reader
	live  client.Reader // not the cache
	write client.Writer
	scope scope.Scope

	mu      sync.Mutex
	byUID   map[string]client.ObjectKey      // all grants there are
	written map[string]*v2alpha1.AccessGrant // by UID: what this process wrote or read last, which the cache may not have yet
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
	own := s.written[uid]
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
			return own.DeepCopy(), nil
		}
		s.mu.Lock()
		if s.written[uid] == own {
			delete(s.written, uid) // the cache has caught up
		}
		s.mu.Unlock()
	}
	return &g, nil
}

// version orders the versions of one object.
func version(g *v2alpha1.AccessGrant) uint64 {
	n, err := strconv.ParseUint(g.ResourceVersion, 10, 64)
	if err != nil {
		return 0 // then the cache is what counts, and conflicts are resolved by reading again
	}
	return n
}

// remember keeps a version that the cache may not have yet.
func (s *store) remember(g *v2alpha1.AccessGrant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid := range s.written {
		if len(s.written) < maxWritten {
			break
		}
		delete(s.written, uid) // any: what is forgotten is read again
	}
	s.written[string(g.UID)] = g
}

// Confirm implements grantserver.Grants, for one redemption or several. The write is a patch of the one annotation that the API server accepts only for the
// version that was read: two that count at the same time cannot both succeed.
func (s *store) Confirm(ctx context.Context, uid string, r grant.Redemption) error {
	g, err := s.latest(ctx, uid)
	if err != nil {
		return err
	}
	for fresh, try := false, 0; try < writes; try++ {
		before := g.Annotations[grant.AnnotationRecord]
		err := conflicting(g, r)
		if err == nil {
			err = r.Record(g)
		}
		switch {
		case err != nil && fresh:
			s.remember(g)
			return err
		case err == nil && g.Annotations[grant.AnnotationRecord] == before:
			return nil // a write before, of which nobody knew whether it happened
		case err == nil:
			if err = s.patch(ctx, g); err == nil {
				s.remember(g)
				return nil
			}
			if apierrors.IsNotFound(err) {
				return fault.Wrap(fault.Missing, "the grant is gone", err, "")
			}
			if ctx.Err() != nil || apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
				return fmt.Errorf("record a redemption of grant %s: %w", g.Name, err)
			}
		}
		// The version is old, or it is not known whether the write happened: what is there now decides.
		var now v2alpha1.AccessGrant
		if err := s.live.Get(ctx, client.ObjectKeyFromObject(g), &now); err != nil {
			return fmt.Errorf("record a redemption of grant %s: %w", g.Name, err)
		}
		if string(now.UID) != uid {
			return fault.New(fault.Missing, "the grant is gone", "")
		}
		g, fresh = &now, true
	}
	return fault.New(fault.Conflict, fmt.Sprintf("grant %s is changed all the time", g.Name), "")
}

// conflicting tells whether a claimant was served by another server meanwhile, which is not to be counted twice.
func conflicting(obj *v2alpha1.AccessGrant, r grant.Redemption) error {
	g, err := grant.Of(obj)
	if err != nil {
		return err
	}
	serials := map[string]string{}
	for _, c := range r.Claims {
		serials[c.Fingerprint] = c.Serial
	}
	for _, c := range g.Claims {
		if serial, same := serials[c.Fingerprint]; same && c.Fingerprint != "" && c.Serial != serial {
			return fault.New(fault.Conflict, fmt.Sprintf("grant %s was redeemed by the same claimant meanwhile", obj.Name), "")
		}
	}
	return nil
}

func (s *store) patch(ctx context.Context, g *v2alpha1.AccessGrant) error {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": g.UID, "resourceVersion": g.ResourceVersion,
		"annotations": map[string]string{grant.AnnotationRecord: g.Annotations[grant.AnnotationRecord]},
	}})
	if err != nil {
		return err
	}
	return s.write.Patch(ctx, g, client.RawPatch(types.MergePatchType, body))
}
