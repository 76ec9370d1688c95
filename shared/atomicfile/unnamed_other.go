//go:build !linux

package atomicfile

import (
	"errors"
	"os"
)

// unnamed opens a file in a directory that has no name yet: only Linux has such.
func unnamed(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// christen gives a file of unnamed a name.
func christen(*os.File, string) error { return errors.ErrUnsupported }
