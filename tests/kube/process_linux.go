package kube

import "syscall"

// withTest makes a process end with the test, however that ends.
func withTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
