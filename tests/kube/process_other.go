//go:build !linux

package kube

import "syscall"

func withTest() *syscall.SysProcAttr { return nil }
