package op

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// renew lets links that a token was redeemed for take the place of those that lead to the same site and cannot come up, as it has
// another authority than when they were made. The old ones keep their names, costs and settings. It ends what was cut off, too. It
// gives the names that are in use, and what it could not tidy up.
func renew(ctx context.Context, p Ports, fresh []string) (used, notes []string, err error) {
	all, err := list[*v2alpha1.Link](ctx, p.Store, v2alpha1.KindLink, "")
	if err != nil {
		return fresh, nil, err
	}
	now := lookLive(ctx, p)
	for _, name := range fresh {
		at := slices.IndexFunc(all, func(l *v2alpha1.Link) bool { return l.Name == name })
		if at < 0 {
			used = append(used, name)
			continue
		}
		l := all[at]
		if twin := twinOf(l, all); twin != "" {
			if err := p.Store.Delete(ctx, v2alpha1.KindLink, name); err != nil && !fault.Is(err, fault.Missing) {
				return fresh, notes, fmt.Errorf("delete link %s, whose credentials %s has: %w", name, twin, err)
			}
			name = twin
		} else if old := renewable(ctx, p, now, l, all, slices.Concat(used, fresh)); old != nil {
			note, err := takePlace(ctx, p, l, old)
			if err != nil {
				return fresh, notes, fmt.Errorf("give link %s the credentials of %s: %w", old.Name, name, err)
			}
			notes = append(notes, fmt.Sprintf("link %s, which led to the same site and was not up, has what token %s was redeemed for", old.Name, name))
			if note != "" {
				notes = append(notes, note)
			}
			name = old.Name
		}
		if !slices.Contains(used, name) {
			used = append(used, name)
		}
	}
	return used, notes, nil
}

// twinOf is the link that was given all that another, called after the credentials of both, has; empty if there is none.
func twinOf(l *v2alpha1.Link, all []*v2alpha1.Link) string {
	creds := l.Spec.TLSCredentials
	called := func(l *v2alpha1.Link) bool { return l.Name == creds || strings.HasPrefix(l.Name, creds+"-") }
	if creds == "" || !called(l) {
		return ""
	}
	for _, o := range all {
		if o.Spec.TLSCredentials == creds && !called(o) && site.SameEndpoints(l, o) {
			return o.Name
		}
	}
	return ""
}

// renewable is the link whose place a fresh one is to take; nil if there is none.
func renewable(ctx context.Context, p Ports, now live, fresh *v2alpha1.Link, all []*v2alpha1.Link, taken []string) *v2alpha1.Link {
	for _, old := range all {
		if !slices.Contains(taken, old.Name) && site.Renews(fresh, now.link(old), authorityOf(ctx, p, fresh), authorityOf(ctx, p, old)) {
			return old
		}
	}
	return nil
}

// authorityOf is the certificate of the authority that a link trusts; nil if it is not there.
func authorityOf(ctx context.Context, p Ports, l *v2alpha1.Link) []byte {
	o, err := p.Store.Get(ctx, v2alpha1.KindSecret, l.Spec.TLSCredentials)
	if s, ok := o.(*v2alpha1.Secret); ok && err == nil {
		return s.Data[v2alpha1.SecretKeyCA]
	}
	return nil
}

// takePlace gives old what fresh has, and removes what is of no use then. That the old credentials stay is only worth a note.
func takePlace(ctx context.Context, p Ports, fresh, old *v2alpha1.Link) (note string, err error) {
	before := old.Spec.TLSCredentials
	_, err = p.Store.Update(ctx, v2alpha1.KindLink, old.Name, func(o v2alpha1.Object) error {
		if l, ok := o.(*v2alpha1.Link); ok {
			l.Spec.Endpoints, l.Spec.TLSCredentials = fresh.Spec.Endpoints, fresh.Spec.TLSCredentials
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := p.Store.Delete(ctx, v2alpha1.KindLink, fresh.Name); err != nil && !fault.Is(err, fault.Missing) {
		return "", err
	}
	if _, note, err = dropSecret(ctx, p, before); err != nil {
		note = fmt.Sprintf("the credentials that link %s had before stay: %v", old.Name, err)
	}
	return note, nil
}
