package op

import (
	"context"
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// renew lets links that a token was just redeemed for take the place of those that lead to the same site and cannot come up, as it has
// another authority than when they were made. The old ones keep their names, costs and settings. It gives the names that are in use.
func renew(ctx context.Context, p Ports, fresh []string) ([]string, error) {
	all, err := list[*v2alpha1.Link](ctx, p.Store, v2alpha1.KindLink, "")
	if err != nil {
		return fresh, err
	}
	now := lookLive(ctx, p)
	out := slices.Clone(fresh)
	for i, name := range fresh {
		at := slices.IndexFunc(all, func(l *v2alpha1.Link) bool { return l.Name == name })
		if at < 0 {
			continue
		}
		for _, old := range all {
			if slices.Contains(fresh, old.Name) || slices.Contains(out, old.Name) ||
				!site.Renews(all[at], now.link(old), authorityOf(ctx, p, all[at]), authorityOf(ctx, p, old)) {
				continue
			}
			if err := takePlace(ctx, p, all[at], old, all); err != nil {
				return fresh, fmt.Errorf("give link %s the credentials of %s: %w", old.Name, name, err)
			}
			out[i] = old.Name
			break
		}
	}
	return out, nil
}

// authorityOf is the certificate of the authority that a link trusts; nil if it is not there.
func authorityOf(ctx context.Context, p Ports, l *v2alpha1.Link) []byte {
	o, err := p.Store.Get(ctx, v2alpha1.KindSecret, l.Spec.TLSCredentials)
	if s, ok := o.(*v2alpha1.Secret); ok && err == nil {
		return s.Data[v2alpha1.SecretKeyCA]
	}
	return nil
}

// takePlace gives old what fresh has, and removes what is of no use then.
func takePlace(ctx context.Context, p Ports, fresh, old *v2alpha1.Link, all []*v2alpha1.Link) error {
	_, err := p.Store.Update(ctx, v2alpha1.KindLink, old.Name, func(o v2alpha1.Object) error {
		if l, ok := o.(*v2alpha1.Link); ok {
			l.Spec.Endpoints, l.Spec.TLSCredentials = fresh.Spec.Endpoints, fresh.Spec.TLSCredentials
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.Store.Delete(ctx, v2alpha1.KindLink, fresh.Name); err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	if slices.ContainsFunc(all, func(l *v2alpha1.Link) bool {
		return l.Name != old.Name && l.Spec.TLSCredentials == old.Spec.TLSCredentials
	}) {
		return nil
	}
	if err := p.Store.Delete(ctx, v2alpha1.KindSecret, old.Spec.TLSCredentials); err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	return nil
}
