package op

import (
	"context"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// listen makes a listener of either kind and waits for it to take effect; other is the kind that must not have its name. It is
// safe to run again.
func listen(ctx context.Context, p Ports, obj v2alpha1.Object, other, credential string, wait Wait, say Progress) (Changed, error) {
	if err := needSecret(ctx, p, credential); err != nil {
		return Changed{}, err
	}
	if err := onlyKind(ctx, p, other, obj.GetName()); err != nil {
		return Changed{}, err
	}
	if err := freeAddress(ctx, p, obj); err != nil {
		return Changed{}, err
	}
	did, err := create(ctx, p.Store, obj)
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, wait, say)
}

// listenAnew changes a listener of either kind and waits for that to take effect; moves says that its host or port may change.
func listenAnew[T v2alpha1.Object](ctx context.Context, p Ports, kind, name string, change func(T) error, credential *string, moves bool, wait Wait, say Progress) (Changed, error) {
	if credential != nil {
		if err := needSecret(ctx, p, *credential); err != nil {
			return Changed{}, err
		}
	}
	old, err := list[T](ctx, p.Store, kind, name)
	if err != nil {
		return Changed{}, err
	}
	if err := change(old[0]); err != nil {
		return Changed{}, err
	}
	if moves {
		if err := freeAddress(ctx, p, old[0]); err != nil {
			return Changed{}, err
		}
	}
	did, err := patch(ctx, p.Store, kind, name, change)
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, wait, say)
}
