//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"strings"
	"syscall"
)

// pidSpace names the PID namespace of this process; it is the same everywhere where there is only one.
func pidSpace() string {
	link, err := os.Readlink("/proc/self/ns/pid") // Linux: pid:[4026531836]
	if err != nil {
		return "0"
	}
	return strings.Trim(link, "pid:[]")
}

// gone tells whether no process has this number.
func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
