//go:build !linux && !darwin

package procid

import "errors"

func startOf(int) (string, error) { return "", errors.ErrUnsupported }
