package op

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// remove deletes a resource and waits until it is gone. What is not there is a fault.Missing.
func remove(ctx context.Context, p Ports, kind, name string, g Gone, say Progress) (Changed, error) {
	did := Changed{Did: Deleted, Kind: kind, Name: name}
	if err := p.Store.Delete(ctx, kind, name); err != nil {
		return did, absent(kind, name, p.Store, "delete", err)
	}
	if !g.Wait {
		return did, nil
	}
	end := goal{what: strings.ToLower(kind) + " " + name, state: "gone", timeout: g.Timeout, hint: "`" + statusOf(kind, name) + "`", kinds: []string{kind}}
	return did, await(ctx, p.Store, end, say, func(ctx context.Context) (bool, string, error) {
		_, err := p.Store.Get(ctx, kind, name)
		switch {
		case fault.Is(err, fault.Missing):
			return true, "", nil
		case err != nil:
			return false, "", err
		}
		return false, "still there", nil
	})
}

// dropSecret deletes the credentials of a link that is gone, unless something else uses them. On a cluster it deletes only what a
// redemption made: there pods, and whatever made a secret, may need it too. It reports whether it did, with a note on what stays
// that might have gone.
func dropSecret(ctx context.Context, p Ports, name string) (did bool, note string, err error) {
	if name == "" {
		return false, "", nil
	}
	shared := p.System == nil // a controller acts upon the resources, and others have theirs beside them
	used, err := secretUsed(ctx, p.Store, name)
	if err == nil && !used && shared {
		var came bool
		came, err = cameWithToken(ctx, p.Store, name)
		if err == nil && !came {
			return false, "secret " + name + " stays: no token brought it, so others may need it", nil
		}
	}
	if err == nil && !used {
		if err = p.Store.Delete(ctx, v2alpha1.KindSecret, name); err != nil {
			err = fmt.Errorf("delete secret %s: %w", name, err)
		}
	}
	switch {
	case err == nil:
		return !used, "", nil
	case fault.Is(err, fault.Missing):
		return false, "", nil
	case shared && fault.Is(err, fault.Denied): // the link is gone all the same, and the rest is for somebody else to do
		return false, "secret " + name + " stays: " + err.Error(), nil
	}
	return false, "", err
}

// cameWithToken tells whether a secret is one that a redemption made for a site, and that nobody else looks after.
func cameWithToken(ctx context.Context, store site.Store, name string) (bool, error) {
	o, err := store.Get(ctx, v2alpha1.KindSecret, name)
	if err != nil {
		return false, fmt.Errorf("look whose secret %s is: %w", name, err)
	}
	s, ok := o.(*v2alpha1.Secret)
	if !ok {
		return false, fmt.Errorf("the store gave a %T for secret %s", o, name)
	}
	_, controlled := s.Annotations[site.AnnotationControlled]
	_, managed := s.Labels[labelManagedBy]
	owners := s.OwnerReferences
	return s.Type == v2alpha1.SecretTypeTLS && !controlled && !managed && len(owners) == 1 && owners[0].Kind == v2alpha1.KindSite &&
		owners[0].APIVersion == v2alpha1.APIVersion, nil
}

// labelManagedBy is on what some tool keeps as it is.
const labelManagedBy = "app.kubernetes.io/managed-by"

func secretUsed(ctx context.Context, store site.Store, name string) (bool, error) {
	for _, kind := range []string{v2alpha1.KindLink, v2alpha1.KindListener, v2alpha1.KindMultiKeyListener, v2alpha1.KindConnector,
		v2alpha1.KindAttachedConnector, v2alpha1.KindRouterAccess, v2alpha1.KindCertificate, v2alpha1.KindSecuredAccess} {
		all, err := store.List(ctx, kind)
		if fault.Is(err, fault.Usage) {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			return false, fmt.Errorf("look who uses secret %s: %w", name, err)
		}
		for _, o := range all {
			if site.CredentialsOf(o) == name {
				return true, nil
			}
		}
	}
	return false, nil
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
