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
	"github.com/skupper-plugins/suite/shared/validate"
)

// DeleteSite removes a site and, with All, everything else in its namespace that belongs to the network.
type DeleteSite struct {
	Name string // empty: the only site there is
	All  bool
	Gone Gone
}

// Gone is how long to wait until what was deleted is gone, also from what runs.
type Gone = Settle

// Check finds everything wrong with the fields.
func (c DeleteSite) Check() error {
	var f faults
	if c.Name != "" {
		f.is("name", validate.Name(c.Name))
	}
	c.Gone.check(&f)
	return f.err
}

// siteKinds are what goes with a site that is deleted with everything: all kinds but the site itself, which goes first, so
// that nothing is made anew behind our back.
func siteKinds() []string {
	var kinds []string
	for _, k := range v2alpha1.Kinds() {
		if k.Kind != v2alpha1.KindSite {
			kinds = append(kinds, k.Kind)
		}
	}
	return kinds
}

// Run removes the site. With All it goes on when there is no site, so that it can finish what was begun before.
func (c DeleteSite) Run(ctx context.Context, p Ports, say Progress) ([]Changed, error) {
	var all []Changed
	found, err := c.sites(ctx, p)
	if err != nil {
		return all, err
	}
	for _, s := range found {
		did, err := remove(ctx, p, v2alpha1.KindSite, s.Name, c.Gone, say)
		if err != nil {
			return all, err
		}
		all = append(all, did)
	}
	if c.All {
		more, err := c.others(ctx, p, say)
		all = append(all, more...)
		if err != nil {
			return all, err
		}
		if len(all) == 0 {
			return all, fault.New(fault.Missing, "there is nothing to delete in namespace "+p.Store.Namespace(), "")
		}
	}
	if _, err := inEffect(ctx, p, c.Gone, say); err != nil {
		return all, err
	}
	if c.All {
		return all, nil
	}
	left, err := leftBehind(ctx, p)
	if left != "" {
		all[0].Notes = append(all[0].Notes, left)
	}
	return all, err
}

// sites are those to remove: one, or with All and no name however many there are, as of people who made one each at the same time.
func (c DeleteSite) sites(ctx context.Context, p Ports) ([]*v2alpha1.Site, error) {
	if c.All && c.Name == "" {
		return list[*v2alpha1.Site](ctx, p.Store, v2alpha1.KindSite, "")
	}
	s, err := theSite(ctx, p.Store, c.Name)
	if err != nil {
		return nil, err
	}
	return []*v2alpha1.Site{s}, nil
}

// leftBehind is a note on what is of no use without a site.
func leftBehind(ctx context.Context, p Ports) (string, error) {
	var parts []string
	for _, kind := range siteKinds() {
		if kind == v2alpha1.KindSecret {
			continue // others may use it
		}
		objs, err := p.Store.List(ctx, kind)
		if fault.Is(err, fault.Usage) {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			return "", fmt.Errorf("list resources of kind %s: %w", kind, err)
		}
		n := 0
		for _, o := range objs {
			if len(o.GetOwnerReferences()) == 0 && o.GetDeletionTimestamp() == nil { // else it goes by itself
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s (%d)", kind, n))
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	return "still there, for the next site of this namespace: " + strings.Join(parts, ", "), nil
}

func (c DeleteSite) others(ctx context.Context, p Ports, say Progress) ([]Changed, error) {
	var all []Changed
	if f, ok := p.Redeemer.(Forgetter); ok { // else who looks after the site would make links of it again
		tokens, err := f.Forget(ctx)
		if err != nil {
			return all, err
		}
		for _, name := range tokens {
			all = append(all, Changed{Did: Deleted, Kind: v2alpha1.KindAccessToken, Name: name})
		}
	}
	secrets := map[string]int{} // where in all a link is that used it; -1: it went by itself
	for _, kind := range siteKinds() {
		objs, err := p.Store.List(ctx, kind)
		if fault.Is(err, fault.Usage) {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			return all, fmt.Errorf("list resources of kind %s: %w", kind, err)
		}
		for _, o := range objs {
			l, isLink := o.(*v2alpha1.Link)
			switch {
			case !isLink:
			case p.System == nil:
				secrets[l.Spec.TLSCredentials] = -1
			default: // before its link: of a deletion that is cut off nothing is left that the next one would not find
				dropped, err := dropCredentials(ctx, p, l.Spec.TLSCredentials)
				if err != nil {
					return all, err
				}
				all = append(all, dropped...)
			}
			did, err := remove(ctx, p, kind, o.GetName(), c.Gone, say)
			if err != nil && !fault.Is(err, fault.Missing) { // its owner may have taken it along
				return all, err
			}
			if err == nil {
				all = append(all, did)
			}
			if err == nil && isLink && p.System == nil {
				secrets[l.Spec.TLSCredentials] = len(all) - 1
			}
		}
	}
	if p.System != nil { // on a cluster they go with their site
		if err := redeemed(ctx, p, secrets); err != nil {
			return all, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		dropped, note, err := dropSecret(ctx, p, name)
		if err != nil {
			return all, err
		}
		if dropped {
			all = append(all, Changed{Did: Deleted, Kind: v2alpha1.KindSecret, Name: name})
		}
		if i := secrets[name]; note != "" && i >= 0 {
			all[i].Notes = append(all[i].Notes, note)
		}
	}
	return all, nil
}

// dropCredentials deletes the secret of a link, whoever else uses it: everything goes.
func dropCredentials(ctx context.Context, p Ports, name string) ([]Changed, error) {
	if name == "" {
		return nil, nil
	}
	switch err := p.Store.Delete(ctx, v2alpha1.KindSecret, name); {
	case fault.Is(err, fault.Missing):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("delete secret %s: %w", name, err)
	}
	return []Changed{{Did: Deleted, Kind: v2alpha1.KindSecret, Name: name}}, nil
}

// redeemed adds the secrets that came for tokens and whose links are not there, as when somebody ended a redemption, or a deletion, in
// the middle.
func redeemed(ctx context.Context, p Ports, secrets map[string]int) error {
	all, err := p.Store.List(ctx, v2alpha1.KindSecret)
	if err != nil {
		return fmt.Errorf("list secrets that came for tokens: %w", err)
	}
	for _, o := range all {
		if _, came := o.GetAnnotations()[site.AnnotationRedeemed]; !came {
			continue
		}
		if _, known := secrets[o.GetName()]; !known {
			secrets[o.GetName()] = -1
		}
	}
	return nil
}
