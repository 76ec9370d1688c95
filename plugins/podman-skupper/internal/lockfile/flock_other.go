//go:build !unix

package lockfile

import (
	"errors"
	"os"
)

func flock(*os.File, int) error { return errors.ErrUnsupported }

// Inherit is not possible here.
func (l *Lock) Inherit() error { return errors.ErrUnsupported }
