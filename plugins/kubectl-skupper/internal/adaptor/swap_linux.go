package adaptor

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// swap puts the directory fresh in the place of dir, in one step. What was there is at fresh then.
func swap(fresh, dir string) error {
	err := os.Rename(fresh, dir) // works if dir is not there, or empty
	if err == nil {
		return nil
	}
	if exchange := unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, dir, unix.RENAME_EXCHANGE); exchange == nil {
		return nil
	} else if !errors.Is(exchange, unix.EINVAL) && !errors.Is(exchange, unix.ENOSYS) && !errors.Is(exchange, unix.ENOTSUP) {
		return &os.LinkError{Op: "exchange", Old: fresh, New: dir, Err: exchange}
	}
	return swapFiles(fresh, dir) // the file system cannot
}
