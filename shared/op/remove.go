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

// dropSecret deletes a secret unless a link, a listener or a connector uses it. It reports whether it did.
func dropSecret(ctx context.Context, store site.Store, name string) (bool, error) {
	if name == "" {
		return false, nil
	}
	used, err := secretUsed(ctx, store, name)
	if used || err != nil {
		return false, err
	}
	switch err := store.Delete(ctx, v2alpha1.KindSecret, name); {
	case err == nil:
		return true, nil
	case fault.Is(err, fault.Missing):
		return false, nil
	default:
		return false, fmt.Errorf("delete secret %s: %w", name, err)
	}
}

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
