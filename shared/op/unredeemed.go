package op

import (
	"context"
	"errors"
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// unredeemed are the tokens that somebody goes on trying to redeem: there are no links of them yet.
func unredeemed(ctx context.Context, p Ports) ([]*v2alpha1.AccessToken, error) {
	tokens, err := list[*v2alpha1.AccessToken](ctx, p.Store, v2alpha1.KindAccessToken, "")
	if fault.Is(err, fault.Usage) || fault.Is(err, fault.Denied) {
		return nil, nil // links are what was asked for
	}
	return slices.DeleteFunc(tokens, func(t *v2alpha1.AccessToken) bool { return t.Status.Redeemed }), err
}

// WhyUnredeemed says what keeps a token from being redeemed.
func WhyUnredeemed(t *v2alpha1.AccessToken) string {
	return orElse(t.Status.Message, "Not "+v2alpha1.ConditionRedeemed)
}

// notYet is err, that there is no link, with the reason if its token is here and waits.
func notYet(ctx context.Context, p Ports, name string, err error) error {
	t := waitingToken(ctx, p, name)
	if t == nil {
		return err
	}
	return fault.Wrap(fault.Missing, "there is no link "+name+" yet, as its token is not redeemed", errors.New(WhyUnredeemed(t)), "`link delete "+name+"` gives the token up")
}

// waitingToken is a token of that name that is not redeemed; nil if there is none, or nobody can tell.
func waitingToken(ctx context.Context, p Ports, name string) *v2alpha1.AccessToken {
	found, err := list[*v2alpha1.AccessToken](ctx, p.Store, v2alpha1.KindAccessToken, name)
	if err != nil || found[0].Status.Redeemed {
		return nil
	}
	return found[0]
}
