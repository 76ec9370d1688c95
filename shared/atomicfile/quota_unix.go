//go:build unix

package atomicfile

import "syscall"

// errQuota is what a write beyond the user's quota fails with.
var errQuota error = syscall.EDQUOT
