// Package doctor looks at a machine for what keeps local sites from running there, and says how to put each thing right.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Results of a check.
const (
	OK      = "ok"
	Warning = "warning" // something will not work, or not for long
	Bad     = "bad"     // no site can run
	Skipped = "skipped" // it is of no matter on this machine
)

// Finding is what a check found.
type Finding struct {
	Check   string `json:"check"`
	Result  string `json:"result"`
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"` // what to do, a command where it is one
}

// Machine is what is looked at. The zero value of Root is the machine itself.
type Machine struct {
	Root     string // in front of the paths of the system, for tests
	UID      int
	User     string // name of the user
	Platform string // podman, docker or linux: what sites are to run on
	Getenv   func(string) string
	Ports    []int // TCP ports that something listens at

	Own map[int]string // those of them that are this installation's own, and what has each

	// Engine is the address of the engine, or why there is none; Open asks it whether it serves.
	Engine func() (string, error)
	Open   func(ctx context.Context, address string) error
	// Systemd tells whether a service manager works for this user.
	Systemd func(ctx context.Context) bool
	// Controller tells whether Skupper's own controller for local sites runs on the same namespaces; nil: nobody knows.
	Controller func() bool
	// Agent tells whether the agent has died, and what brings it back; nil: nobody knows.
	Agent func(ctx context.Context) (died bool, fix string)
}

// Here is the machine that this runs on, but for the engine and the service manager.
func Here(getenv func(string) string) Machine {
	m := Machine{UID: os.Getuid(), Getenv: getenv, User: getenv("USER")}
	if u, err := user.Current(); err == nil {
		m.User = u.Username
	}
	return m
}

func (m Machine) rootless() bool { return m.UID != 0 }

func (m Machine) path(p string) string { return filepath.Join(m.Root, p) }

func (m Machine) read(p string) string {
	b, err := os.ReadFile(m.path(p))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (m Machine) exists(p string) bool {
	_, err := os.Stat(m.path(p))
	return err == nil
}

// Examine does all checks, in an order in which later ones may follow from earlier ones.
func (m Machine) Examine(ctx context.Context) []Finding {
	checks := []struct {
		name  string
		check func(context.Context) Finding
	}{
		{"engine", m.engine}, {"systemd", m.systemd}, {"linger", m.linger}, {"cgroups", m.cgroups}, {"selinux", m.selinux},
		{"subuid", func(context.Context) Finding {
			return m.subordinate("/etc/subuid", "usermod --add-subuids 100000-165535 ")
		}},
		{"subgid", func(context.Context) Finding {
			return m.subordinate("/etc/subgid", "usermod --add-subgids 100000-165535 ")
		}},
		{"tun", m.tun}, {"low ports", m.lowPorts}, {"ports", m.ports}, {"agent", m.agent}, {"controller", m.controller},
	}
	var all []Finding
	for _, c := range checks {
		f := c.check(ctx)
		f.Check = c.name
		all = append(all, f)
	}
	return all
}

// Worst is an error if a check was bad: then no site can run.
func Worst(all []Finding) error {
	var bad []string
	for _, f := range all {
		if f.Result == Bad {
			bad = append(bad, f.Check)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fault.New(fault.Failed, "sites cannot run here: "+strings.Join(bad, ", "), "")
}

func ok(format string, args ...any) Finding {
	return Finding{Result: OK, Message: fmt.Sprintf(format, args...)}
}

func skipped(why string) Finding { return Finding{Result: Skipped, Message: why} }

func (m Machine) engine(ctx context.Context) Finding {
	if m.Platform == "linux" {
		return skipped("platform linux needs none")
	}
	address, err := m.Engine()
	if err == nil {
		err = m.Open(ctx, address)
	}
	if err != nil {
		return Finding{Result: Bad, Message: err.Error(), Fix: fault.Hint(err)}
	}
	return ok("%s answers at %s", m.Platform, address)
}

func (m Machine) systemd(ctx context.Context) Finding {
	switch {
	case m.Systemd(ctx):
		return ok("a service manager works for %s", m.User)
	case m.rootless() && m.exists("/run/systemd/system"):
		return Finding{Result: Warning, Message: "there is no session of the service manager for this user, so sites do not start by themselves",
			Fix: "log in as " + m.User + " with ssh or loginctl, not with su; then export XDG_RUNTIME_DIR=/run/user/" + strconv.Itoa(m.UID)}
	}
	return Finding{Result: Warning, Message: "there is no systemd, so sites do not start with the machine", Fix: "start them with system start, from whatever starts things there"}
}

func (m Machine) linger(context.Context) Finding {
	switch {
	case !m.rootless():
		return skipped("root needs none")
	case !m.exists("/run/systemd/system"):
		return skipped("there is no systemd")
	case m.exists("/var/lib/systemd/linger/" + m.User):
		return ok("processes of %s go on after logout", m.User)
	}
	return Finding{Result: Warning, Message: "sites end when " + m.User + " logs out, and do not start with the machine", Fix: "loginctl enable-linger " + m.User}
}

func (m Machine) cgroups(context.Context) Finding {
	switch {
	case m.Platform == "linux":
		return skipped("platform linux needs none")
	case !m.exists("/sys/fs/cgroup"):
		return Finding{Result: Bad, Message: "there are no control groups at /sys/fs/cgroup", Fix: "mount -t cgroup2 none /sys/fs/cgroup"}
	case UnifiedGroups(m.Root):
		return ok("version 2")
	case m.rootless():
		return Finding{Result: Warning, Message: "version 1: for containers of users limits have no effect, --quadlet does not work, and Podman 6 does not run", Fix: "boot with systemd.unified_cgroup_hierarchy=1"}
	}
	return ok("version 1")
}

// UnifiedGroups tells whether the control groups of the machine below root (empty: this one) are of version 2 alone.
func UnifiedGroups(root string) bool {
	return Machine{Root: root}.exists("/sys/fs/cgroup/cgroup.controllers")
}

func (m Machine) selinux(context.Context) Finding {
	switch {
	case m.Platform == "linux":
		return skipped("platform linux needs nothing of it")
	case m.read("/sys/fs/selinux/enforce") == "1":
		if !m.exists("/usr/share/containers/selinux/contexts") && !m.exists("/etc/selinux/targeted/contexts/lxc_contexts") {
			return Finding{Result: Bad, Message: "it is enforced, and has no rules for containers", Fix: "install the package container-selinux"}
		}
		return ok("enforced; what the router reads is labelled for it")
	}
	return ok("not enforced")
}

// subordinate checks the ids that containers of a user get.
func (m Machine) subordinate(file, fix string) Finding {
	if m.Platform != "podman" || !m.rootless() {
		return skipped("for Podman of a user only")
	}
	if mapper := "new" + strings.TrimPrefix(filepath.Base(file), "sub") + "map"; !m.has(mapper) {
		return Finding{Result: Bad, Message: "there is no " + mapper + " in $PATH, so no Podman of " + m.User + " starts", Fix: "install the package uidmap, or shadow-utils"}
	}
	switch n, from := m.given(file); {
	case n >= 65536:
		return ok("%d from %s", n, from)
	case from != "":
		return Finding{Result: Warning, Message: file + " gives " + m.User + " fewer than 65536", Fix: fix + m.User + "; podman system migrate"}
	}
	return Finding{Result: Bad, Message: file + " gives " + m.User + " none, so Podman cannot make containers", Fix: fix + m.User + "; podman system migrate"}
}

// given is how many ids a file gives this user, and from which on; empty if none.
func (m Machine) given(file string) (n int, from string) {
	for line := range strings.Lines(m.read(file)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 3 || f[0] != m.User && f[0] != strconv.Itoa(m.UID) {
			continue
		}
		n, _ = strconv.Atoi(f[2]) // what is no number gives none
		return n, f[1]
	}
	return 0, ""
}

// GivenIDs tells whether the files of this machine give the user ids beside the own one. They may come from elsewhere too.
func (m Machine) GivenIDs() bool {
	uids, _ := m.given("/etc/subuid")
	gids, _ := m.given("/etc/subgid")
	return uids > 0 && gids > 0
}

// has tells whether a program is in $PATH.
func (m Machine) has(program string) bool {
	for _, dir := range filepath.SplitList(m.Getenv("PATH")) {
		if info, err := os.Stat(m.path(filepath.Join(dir, program))); err == nil && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

func (m Machine) tun(context.Context) Finding {
	if m.Platform != "podman" || !m.rootless() {
		return skipped("for Podman of a user only")
	}
	f, err := os.OpenFile(m.path("/dev/net/tun"), os.O_RDWR, 0)
	switch {
	case err == nil:
		_ = f.Close() // nothing was done with it
		return ok("/dev/net/tun can be used")
	case errors.Is(err, fs.ErrNotExist):
		return Finding{Result: Warning, Message: "there is no /dev/net/tun: the router needs none, other containers of this user do", Fix: "modprobe tun"}
	case errors.Is(err, fs.ErrPermission):
		return Finding{Result: Warning, Message: "this user may not use /dev/net/tun: the router need not, other containers do", Fix: "chmod 0666 /dev/net/tun"}
	}
	return Finding{Result: Warning, Message: err.Error(), Fix: "modprobe tun"}
}

func (m Machine) lowPorts(context.Context) Finding {
	if !m.rootless() {
		return skipped("root may use all")
	}
	if runtime.GOOS != "linux" {
		return skipped("for Linux only")
	}
	first, err := strconv.Atoi(m.read("/proc/sys/net/ipv4/ip_unprivileged_port_start"))
	if err != nil {
		first = 1024
	}
	if first <= 80 {
		return ok("from %d on", first)
	}
	return Finding{Result: Warning, Message: fmt.Sprintf("listeners of this user cannot use ports below %d", first), Fix: "sysctl -w net.ipv4.ip_unprivileged_port_start=80, or choose higher ports"}
}

func (m Machine) agent(ctx context.Context) Finding {
	if m.Agent == nil {
		return skipped("it is not known")
	}
	if died, fix := m.Agent(ctx); died {
		return Finding{Result: Warning, Message: "it has died: sites run on, but what is changed has no effect until it runs again", Fix: fix}
	}
	return ok("it runs, or starts when it is needed")
}

func (m Machine) controller(context.Context) Finding {
	if m.Controller == nil {
		return skipped("it is not known")
	}
	if m.Controller() {
		return Finding{Result: Warning, Message: "Skupper's own controller for local sites looks after the same namespaces, and writes their statuses and configurations too",
			Fix: "skupper system uninstall, which ends it; or end that container with its unit skupper-controller.service"}
	}
	return ok("nobody else looks after the namespaces")
}

// wanted are the ports that a site prefers. It takes the next free ones instead.
var wanted = map[int]string{55671: "links of routers", 45671: "links of edge routers", 9490: "tokens to redeem"}

func (m Machine) ports(context.Context) Finding {
	var taken, own []string
	for _, p := range slices.Sorted(slices.Values(m.Ports)) {
		what, is := wanted[p]
		switch whose := m.Own[p]; {
		case !is:
		case whose != "":
			own = append(own, fmt.Sprintf("%d by %s", p, whose))
		default:
			taken = append(taken, fmt.Sprintf("%d (%s)", p, what))
		}
	}
	switch {
	case len(taken) > 0:
		return Finding{Result: Warning, Message: "taken: " + strings.Join(taken, ", ") + "; a new site takes the next free ones",
			Fix: "open those that site status shows in the firewall, or end what listens there: ss -ltnp"}
	case len(own) > 0:
		return ok("of those that a site prefers, %s; others are free", strings.Join(own, ", "))
	}
	return ok("those that a site prefers are free")
}
