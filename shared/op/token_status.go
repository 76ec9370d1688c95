package op

import (
	"context"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// TokenStatus looks at the grants of a site, that is at the tokens it has issued, or at one.
type TokenStatus struct {
	Name string
	Now  time.Time
}

// States of a grant that can be redeemed no more. They are shown, never stored.
const (
	StatusExpired v2alpha1.StatusType = "Expired"
	StatusUsed    v2alpha1.StatusType = "Used"
)

// Check finds everything wrong with the fields.
func (c TokenStatus) Check() error { return optionalName(c.Name) }

// Run looks. The codes are left out of what it gives.
func (c TokenStatus) Run(ctx context.Context, p Ports) (Status[*v2alpha1.AccessGrant], error) {
	var found Status[*v2alpha1.AccessGrant]
	all, err := list[*v2alpha1.AccessGrant](ctx, p.Store, v2alpha1.KindAccessGrant, c.Name)
	if err != nil {
		return found, err
	}
	for _, g := range all {
		g = g.DeepCopy()
		g.Spec.Code, g.Status.Code = "", ""
		c.judge(g)
		found.Items = append(found.Items, g)
	}
	return found, nil
}

func (c TokenStatus) judge(g *v2alpha1.AccessGrant) {
	fill(g)
	expires, err := time.Parse(time.RFC3339, g.Status.ExpirationTime)
	switch {
	case g.Status.Redemptions >= max(g.Spec.RedemptionsAllowed, 1):
		g.Status.StatusType, g.Status.Message = StatusUsed, "redeemed as often as allowed"
	case err == nil && !c.Now.Before(expires):
		g.Status.StatusType, g.Status.Message = StatusExpired, "expired "+Span(c.Now.Sub(expires))+" ago"
	}
}

// RevokeToken removes a grant, so that its token cannot be redeemed any more. Links made from it stay.
type RevokeToken struct {
	Name string
	Gone Gone
}

// Check finds everything wrong with the fields.
func (c RevokeToken) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	c.Gone.check(&f)
	return f.err
}

// Run removes the grant.
func (c RevokeToken) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	grants, err := list[*v2alpha1.AccessGrant](ctx, p.Store, v2alpha1.KindAccessGrant, c.Name)
	if err != nil {
		return Changed{}, err
	}
	did, err := remove(ctx, p, v2alpha1.KindAccessGrant, c.Name, c.Gone, say)
	if err != nil {
		return did, err
	}
	did.Did = Revoked
	if n := grants[0].Status.Redemptions; n > 0 {
		did.Notes = append(did.Notes, "it had been redeemed already: links made from it stay")
	}
	_, err = inEffect(ctx, p, c.Gone, say)
	return did, err
}
