package agent

import (
	"context"
	"maps"
	"math/rand/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

// portTries is how often ports are chosen that no router has had yet, while others take them.
const portTries = 6

// contended remembers the ports that others were faster with, and some beyond them: those who choose at the same moment would
// choose alike again and again.
func (n *namespace) contended(st, before map[string]int) {
	for name, port := range st {
		if before[name] != port {
			for p := range 1 + rand.IntN(8) {
				n.avoid = append(n.avoid, port+p)
			}
		}
	}
}

// unsettle takes back the new ports that the running router did not get, so that the next plan chooses others. It reports
// whether there were any.
func (n *namespace) unsettle(ctx context.Context, st *state, before map[string]int) (bool, error) {
	router := n.runtime.State(ctx)
	if platform, _, _, err := n.place(); err == nil && platform != filestore.PlatformLinux && !router.Running {
		return false, nil // what ended in its container did not end for a port: that was free before it was started
	}
	view := supervise.LookAtPorts(router.PID)
	kept := maps.Clone(st.Ports)
	for name, port := range st.Ports {
		if before[name] == port {
			continue
		}
		if supervise.PortFree("", port) == nil || !view.Holder("", port).None() {
			delete(kept, name)
		}
	}
	if len(kept) == len(st.Ports) {
		return false, nil
	}
	n.contended(st.Ports, kept)
	st.Ports = kept
	return true, st.write(n.dir.State())
}

// routerOf is the namespace whose router a process is; empty if it is none of this installation.
func (a *Agent) routerOf(pid int) string {
	names, _ := a.opts.Paths.List() // of what cannot be read nothing is known
	for _, name := range names {
		if r, err := supervise.ReadRecord(a.opts.Paths.Namespace(name).RouterPID()); err == nil && r.PID == pid && r.Alive() {
			return name
		}
	}
	return ""
}
