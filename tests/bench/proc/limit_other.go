//go:build !linux

package proc

import "errors"

// RaiseFiles fails: without /proc there is nothing to measure with.
func RaiseFiles() (int, error) { return 0, errors.New("this needs Linux") }
