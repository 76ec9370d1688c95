package node

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
)

// Host is a machine on the bridge: a network namespace of its own, whose programs see no other's ports and loopback.
type Host struct {
	Name string
	IP   string
}

// Attach makes host number index, 1 to 99, which no other one has; it is at 172.30.0.100+index.
func Attach(ctx context.Context, index int) (*Host, error) {
	return attachAt(ctx, "host"+strconv.Itoa(index), "172.30.0."+strconv.Itoa(100+index))
}

// attachAt makes the network namespace and its cable to the bridge. The host is given with an error too, for Detach.
func attachAt(ctx context.Context, name, address string) (*Host, error) {
	h := &Host{Name: name, IP: address}
	for _, words := range []string{
		"netns add " + name,
		"link add " + h.cable() + " type veth peer name eth0 netns " + name,
		"link set " + h.cable() + " master " + bridge + " up",
		"-n " + name + " link set lo up",
		"-n " + name + " addr add " + address + "/24 dev eth0",
		"-n " + name + " link set eth0 up",
		"-n " + name + " route add default via " + Outside,
	} {
		if err := ip(ctx, words); err != nil {
			return h, err
		}
	}
	return h, nil
}

// cable is the end of the host's cable that is at the bridge.
func (h *Host) cable() string { return "to-" + h.Name }

// Detach takes the host away, its cable and the routes through it too.
func (h *Host) Detach(ctx context.Context) error { return ip(ctx, "netns del "+h.Name) }

// Cut takes the host off the network; Mend puts it back.
func (h *Host) Cut(ctx context.Context) error {
	return ip(ctx, fmt.Sprintf("link set %s nomaster", h.cable()))
}

// Mend undoes Cut.
func (h *Host) Mend(ctx context.Context) error {
	return ip(ctx, fmt.Sprintf("link set %s master %s", h.cable(), bridge))
}

// Enter are the words before a command with which it runs in the network of the host.
func (h *Host) Enter() []string { return []string{"nsenter", "--net=/run/netns/" + h.Name} }

// Command is a command in the network of the host.
func (h *Host) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	words := append(append(h.Enter(), program), args...)
	return exec.CommandContext(ctx, words[0], words[1:]...)
}
