//go:build unix

package lockfile

import (
	"errors"
	"os"
	"syscall"
)

func flock(f *os.File, how int) error {
	mode := syscall.LOCK_EX
	if how == shared {
		mode = syscall.LOCK_SH
	}
	for {
		err := syscall.Flock(int(f.Fd()), mode|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		}
		return err
	}
}

// Inherit lets a program that replaces this one by exec keep the lock.
func (l *Lock) Inherit() error {
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, l.f.Fd(), syscall.F_SETFD, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
