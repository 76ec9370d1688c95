package podmanhost

import (
	"context"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/doctor"
	"github.com/skupper-plugins/suite/shared/fault"
)

// idEngine is what ownIDs asks of an engine.
type idEngine interface {
	OneID(ctx context.Context) (bool, error)
}

// ownIDs says why a user's engine can make no container that runs as the user, or nil: the user's own id has to be the user's in it
// too, which takes others for the rest.
func ownIDs(ctx context.Context, m doctor.Machine, engine idEngine) error {
	if m.UID == 0 || m.GivenIDs() { // which is quick to see
		return nil
	}
	one, err := engine.OneID(ctx)
	if err != nil || !one {
		return err
	}
	name := m.User
	return fault.New(fault.Engine, "the Podman of this user cannot make the container: /etc/subuid and /etc/subgid give "+name+" no ids",
		"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "+name+"; then: podman system migrate, and restart its service: systemctl --user restart podman")
}

// orLinux adds to what is to be done about an engine that cannot be used that a new site need not use one.
func orLinux(err error) error {
	hint := fault.Hint(err)
	switch fault.KindOf(err) {
	case fault.Engine, fault.Late, fault.Denied:
		if hint != "" {
			hint += ", or "
		}
		return fault.Wrap(fault.KindOf(err), "", err, hint+"use --platform linux, which needs no engine")
	}
	return err
}
