package op

import (
	"context"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// DeleteLink removes a link, and the credential that came with it unless something else uses it. A link that its token has not
// brought yet is given up, and the token with it.
type DeleteLink struct {
	Name string
	Gone Gone
}

// Check finds everything wrong with the fields.
func (c DeleteLink) Check() error { return checkDelete(c.Name, c.Gone) }

// Run removes the link.
func (c DeleteLink) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	links, err := list[*v2alpha1.Link](ctx, p.Store, v2alpha1.KindLink, c.Name)
	if fault.Is(err, fault.Missing) && waitingToken(ctx, p, c.Name) != nil {
		did, err := remove(ctx, p, v2alpha1.KindAccessToken, c.Name, c.Gone, say)
		did.Notes = append(did.Notes, "there was no link yet: its token was not redeemed")
		return did, err
	}
	if err != nil {
		return Changed{}, err
	}
	did, err := remove(ctx, p, v2alpha1.KindLink, c.Name, c.Gone, say)
	if err != nil {
		return did, err
	}
	_, note, err := dropSecret(ctx, p, links[0].Spec.TLSCredentials)
	if err != nil {
		return did, err
	}
	if note != "" {
		did.Notes = append(did.Notes, note)
	}
	_, err = inEffect(ctx, p, c.Gone, say)
	return did, err
}
