package host

import (
	"errors"
	"fmt"
	"strings"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Usage makes one fault.Usage of everything wrong with a command line (see multierr), for a command of that name; nil if nothing is.
// Help is what to try next.
func Usage(name string, faults error, help string) error {
	all := multierr.Errors(faults)
	switch len(all) {
	case 0:
		return nil
	case 1:
		return fault.Wrap(fault.Usage, name, all[0], help)
	}
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "\n  %v", f)
	}
	return fault.Wrap(fault.Usage, fmt.Sprintf("%s: %d things are wrong", name, len(all)), errors.New(b.String()), help)
}
