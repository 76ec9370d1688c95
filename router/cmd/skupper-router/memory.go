package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// cgroups is where the system shows the limits of this process' control group.
const cgroups = "/sys/fs/cgroup"

// limitMemory has the garbage collector work harder as the process nears the memory limit of its container, instead of being killed there.
// GOMEMLIMIT, when it is set, counts instead.
func limitMemory(root string) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if n := memoryLimit(root); n > 0 {
		debug.SetMemoryLimit(n)
	}
}

// memoryLimit is nine tenths of the limit below root, of either version of control groups, in octets; 0 if there is none.
func memoryLimit(root string) int64 {
	for _, file := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
		b, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64) // "max" is no number
		if err != nil || n <= 0 || n > math.MaxInt64/4 {                 // version 1 shows a huge number for none
			return 0
		}
		return n / 10 * 9
	}
	return 0
}
