package procid

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
)

// startOf is the boot's identity and the process's start in clock ticks since then: neither changes when the clock is
// set. A zombie counts as gone, as nothing runs in it any more: but not while it has other threads, which still hold its
// locks and ports.
func startOf(pid int) (string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", gone(err)
	}
	// The second field is the program's name in parentheses and may have blanks and parentheses itself.
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return "", errors.New("cannot read its state")
	}
	fields := strings.Fields(string(stat[end+1:])) // from the third field on: state is [0], threads [17], start time [19]
	if len(fields) < 20 {
		return "", errors.New("cannot read its state")
	}
	if fields[0] == "X" || fields[0] == "Z" && (fields[17] == "0" || fields[17] == "1") {
		return "", gone(errors.New("it has ended"))
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19], nil
}
