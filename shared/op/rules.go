package op

import (
	"fmt"
	"net/netip"

	"github.com/skupper-plugins/suite/shared/validate"
)

// reachable takes a host that peers can be told to connect to.
func reachable(s string) error {
	if a, err := netip.ParseAddr(s); err == nil && a.IsUnspecified() {
		return fmt.Errorf("is %q, which leads nowhere from another machine", s)
	}
	return validate.Host(s)
}

func (f *faults) cost(n int) {
	f.atLeast("cost", n, 0)
	if n > validate.MaxCost {
		f.is("cost", validate.Cost(n))
	}
}

// costOf is the cost that routers count: 0 is another way to say 1.
func costOf(n int) int { return max(n, 1) }
