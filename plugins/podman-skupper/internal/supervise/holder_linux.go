package supervise

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxProcesses bounds the search for a port's holder.
const maxProcesses = 20000

// socket is a line of the kernel's table of TCP sockets.
type socket struct {
	ip     net.IP
	port   int
	listen bool // else it is a connection
	inode  string
}

// States in the kernel's table.
const (
	stateTimeWait = "06" // such a port can be listened on
	stateListen   = "0A"
)

// sockets is all TCP sockets of this machine that keep others from their port.
func sockets() (out []socket) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] == stateTimeWait {
				continue
			}
			addr, port, _ := strings.Cut(f[1], ":")
			p, err := strconv.ParseUint(port, 16, 16)
			if err != nil {
				continue
			}
			out = append(out, socket{kernelIP(addr), int(p), f[3] == stateListen, f[9]})
		}
	}
	return out
}

// kernelIP reads an address as the kernel prints it: in words of four octets, each in the machine's order, which is
// little-endian wherever this runs.
func kernelIP(text string) net.IP {
	b, err := hex.DecodeString(text)
	if err != nil || len(b)%4 != 0 {
		return nil
	}
	for i := 0; i < len(b); i += 4 {
		b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
	}
	return net.IP(b)
}

// Holder finds who has a TCP port so that nobody else can listen on it at host (empty: any address): who listens, or
// else whose connection goes out from it. A process of another user is found without its number and name.
func Holder(host string, port int) PortHolder { return LookAtPorts(0).Holder(host, port) }

// PortView is who had which TCP port at one moment.
type PortView struct {
	byPort map[int][]socket
	own    map[string]bool // sockets of the process that does not count
	hidden bool            // its sockets cannot be seen, as it is another user's: one that nobody is found for may be its
}

// LookAtPorts looks at all ports at once. What the process pid has does not count; 0 is none.
func LookAtPorts(pid int) *PortView {
	v := &PortView{byPort: map[int][]socket{}, own: map[string]bool{}}
	for _, s := range sockets() {
		v.byPort[s.port] = append(v.byPort[s.port], s)
	}
	if pid > 0 {
		_, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
		v.hidden = errors.Is(err, fs.ErrPermission)
		eachSocket("/proc/"+strconv.Itoa(pid), func(name string) bool {
			v.own[name] = true
			return true
		})
	}
	return v
}

// Holder is the function Holder at the moment of the view.
func (v *PortView) Holder(host string, port int) PortHolder {
	want := net.ParseIP(host)
	if host == "localhost" {
		want = net.IPv4(127, 0, 0, 1)
	}
	listeners, connections := map[string]bool{}, map[string]bool{}
	for _, s := range v.byPort[port] {
		name := "socket:[" + s.inode + "]"
		if v.own[name] || host != "" && want != nil && !want.IsUnspecified() && !s.ip.IsUnspecified() && !want.Equal(s.ip) {
			continue
		}
		if s.listen {
			listeners[name] = true
		} else {
			connections[name] = true
		}
	}
	switch {
	case len(listeners) > 0:
		if h := owner(listeners); h.PID != 0 || !v.hidden {
			return h
		}
	case len(connections) > 0:
		h := owner(connections)
		h.connection = true
		return h
	}
	return PortHolder{none: true}
}

// eachSocket calls f for the sockets of a process until it returns false.
func eachSocket(process string, f func(name string) bool) {
	fds, err := os.ReadDir(process + "/fd")
	if err != nil {
		return
	}
	for _, fd := range fds {
		to, err := os.Readlink(process + "/fd/" + fd.Name())
		if err == nil && strings.HasPrefix(to, "socket:") && !f(to) {
			return
		}
	}
}

// owner finds the process that has one of the sockets.
func owner(inodes map[string]bool) PortHolder {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes[:min(len(processes), maxProcesses)] {
		found := false
		eachSocket(p, func(name string) bool {
			found = inodes[name]
			return !found
		})
		pid, err := strconv.Atoi(filepath.Base(p))
		if !found || err != nil {
			continue
		}
		name, _ := os.ReadFile(p + "/comm")
		return PortHolder{PID: pid, Name: strings.TrimSpace(string(name))}
	}
	return PortHolder{}
}

// BusyPorts are the TCP ports of this machine that cannot be listened on now.
func BusyPorts() []int {
	seen := map[int]bool{}
	var out []int
	for _, s := range sockets() {
		if !seen[s.port] {
			seen[s.port] = true
			out = append(out, s.port)
		}
	}
	return out
}
