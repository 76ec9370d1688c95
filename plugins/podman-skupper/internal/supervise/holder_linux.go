package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxProcesses bounds the search for a port's holder.
const maxProcesses = 20000

// portHolder names the process that listens on a TCP port: "process 123 (nginx)". It is empty if that cannot be found
// out, as for processes of other users.
func portHolder(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" { // not in state LISTEN
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if p, err := strconv.ParseUint(hex, 16, 16); err == nil && int(p) == port {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes[:min(len(processes), maxProcesses)] {
		fds, err := os.ReadDir(p + "/fd")
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if to, err := os.Readlink(p + "/fd/" + fd.Name()); err == nil && inodes[to] {
				name, _ := os.ReadFile(p + "/comm")
				return fmt.Sprintf("process %s (%s)", filepath.Base(p), strings.TrimSpace(string(name)))
			}
		}
	}
	return ""
}

// ListeningPorts are the TCP ports on which anything listens on this machine.
func ListeningPorts() []int {
	seen := map[int]bool{}
	var out []int
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(table)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 4 || f[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if p, err := strconv.ParseUint(hex, 16, 16); err == nil && !seen[int(p)] {
				seen[int(p)] = true
				out = append(out, int(p))
			}
		}
	}
	return out
}
