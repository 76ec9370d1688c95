package op

import (
	"context"
	"fmt"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// needSecret checks that the credentials of a listener or connector exist. A local site makes those that do not.
func needSecret(ctx context.Context, p Ports, name string) error {
	if name == "" || p.System != nil {
		return nil
	}
	if _, err := p.Store.Get(ctx, v2alpha1.KindSecret, name); err != nil {
		return noSecret(p, name, err)
	}
	return nil
}

func noSecret(p Ports, name string, err error) error {
	if fault.Is(err, fault.Missing) {
		hint := "create the secret first"
		if p.System != nil {
			hint = "`system apply -f FILE` with that secret first"
		}
		return fault.New(fault.Missing, fmt.Sprintf("there is no secret %q in namespace %s for tls-credentials", name, p.Store.Namespace()), hint)
	}
	return fmt.Errorf("look for secret %s: %w", name, err)
}
