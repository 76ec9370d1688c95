//go:build unix

package filestore

import "syscall"

const nonBlock = syscall.O_NONBLOCK
