package op

import (
	"context"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// UpdateLink changes what is given of a link, and nothing else.
type UpdateLink struct {
	Name       string
	Cost       *int // 0 or more; 0 is 1
	Credential *string
	Wait       Wait
}

// Check finds everything wrong with the fields.
func (c UpdateLink) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	if c.Cost != nil {
		f.cost(*c.Cost)
	}
	if c.Credential != nil {
		f.is("tls-credentials", validate.Name(*c.Credential))
	}
	if c.Cost == nil && c.Credential == nil {
		f.add("nothing to change is given, want cost or tls-credentials")
	}
	c.Wait.check(&f)
	return f.err
}

// Run changes the link and waits for it to take effect.
func (c UpdateLink) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	if c.Credential != nil {
		if _, err := p.Store.Get(ctx, v2alpha1.KindSecret, *c.Credential); err != nil {
			return Changed{}, noSecret(p, *c.Credential, err)
		}
	}
	did, err := patch(ctx, p.Store, v2alpha1.KindLink, c.Name, func(l *v2alpha1.Link) error {
		if c.Cost != nil {
			l.Spec.Cost = costOf(*c.Cost)
		}
		if c.Credential != nil {
			l.Spec.TLSCredentials = *c.Credential
		}
		return nil
	})
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}
