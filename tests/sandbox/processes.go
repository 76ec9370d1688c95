package sandbox

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Processes returns the running processes of the home, in the order of their numbers, never the test itself.
func (h Home) Processes() []int {
	pids := h.recorded()
	if runtime.GOOS == "linux" {
		// A record outlives its process, and the number may be another's by now: only the environment is proof.
		pids = h.started()
	}
	slices.Sort(pids)
	return slices.DeleteFunc(slices.Compact(pids), func(pid int) bool { return pid <= 1 || pid == os.Getpid() || !alive(pid) })
}

// recorded reads the records of processes in the home: files that end in .pid or are named lock, each a number or an object
// with the field pid.
func (h Home) recorded() (pids []int) {
	_ = filepath.WalkDir(h.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".pid" && d.Name() != "lock" {
			return nil // what cannot be read has no record for us
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // the process may remove it while we look
		}
		var record struct{ PID int }
		if n, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
			pids = append(pids, n)
		} else if json.Unmarshal(data, &record) == nil {
			pids = append(pids, record.PID)
		}
		return nil
	})
	return pids
}

// started finds the processes that were started with this home in their environment.
func (h Home) started() (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return h.recorded()
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ") // empty once it has ended and waits for its parent
		if err == nil && slices.Contains(strings.Split(string(env), "\x00"), "SKUPPER_HOME="+h.Dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func alive(pid int) bool {
	p, err := os.FindProcess(pid) // on Windows it fails if there is none
	if err != nil {
		return false
	}
	return runtime.GOOS == "windows" || p.Signal(syscall.Signal(0)) == nil
}
