//go:build !unix

package atomicfile

import "syscall"

// errQuota is the same as a full disk where quotas have no error of their own.
var errQuota error = syscall.ENOSPC
