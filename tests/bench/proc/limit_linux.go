package proc

import "syscall"

// RaiseFiles raises the limit of open files as far as it goes, also for the processes started from now on, and returns it.
func RaiseFiles() (int, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	l.Cur = l.Max
	// The Go runtime has raised it for this process, but children get the old one back unless it is set like this.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	return int(min(l.Cur, 1<<30)), nil
}
