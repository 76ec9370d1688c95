package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of times in /proc, which is the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// CPU is the user and system time that a process has used so far, to 10 ms.
func CPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return cpuOf(b)
}

// cpuOf reads the fields 14 and 15 of proc_pid_stat(5). The second one, a name in brackets, may hold anything.
func cpuOf(stat []byte) (time.Duration, error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat of a process has %d fields after its name, want 13 or more", len(fields))
	}
	return sum(fields[11], fields[12])
}

// sum adds ticks.
func sum(fields ...[]byte) (time.Duration, error) {
	var t time.Duration
	for _, f := range fields {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, err
		}
		t += time.Duration(n) * tick
	}
	return t, nil
}

// Memory is the resident memory of a process in octets.
func Memory(pid int) (int64, error) {
	// Unlike the number in status, this one is counted when it is read, and not up to some MiB behind.
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	kib, err := field(b, "Rss:")
	return kib << 10, err
}

// Threads is how many threads a process has.
func Threads(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	n, err := field(b, "Threads:")
	return int(n), err
}

// field finds the number behind a name that begins a line.
func field(text []byte, name string) (int64, error) {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			if words := bytes.Fields(rest); len(words) > 0 {
				return strconv.ParseInt(string(words[0]), 10, 64)
			}
		}
	}
	return 0, fmt.Errorf("there is no %s", name)
}

// Files is how many file descriptors a process has open.
func Files(pid int) (int, error) {
	d, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0, err
	}
	defer func() { _ = d.Close() }()
	names, err := d.Readdirnames(-1)
	return len(names), err
}
