package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Outside is the address of this process on the bridge.
const Outside = "172.30.0.1"

const bridge = "internet"

// Programs are what must be installed, beside those of Kubernetes.
func Programs() []string {
	return []string{"ip", "nsenter", "iptables", "conntrack", "containerd", "containerd-shim-runc-v2", "ctr", "runc", pluginDir + "/bridge", pluginDir + "/host-local", pluginDir + "/portmap"}
}

// Network makes the bridge that clusters are attached to.
func Network(ctx context.Context) error {
	for _, words := range []string{
		"link set lo up",
		"link add " + bridge + " type bridge",
		"addr add " + Outside + "/24 dev " + bridge,
		"link set " + bridge + " up",
	} {
		if err := ip(ctx, words); err != nil {
			return err
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644) // from one cluster to the addresses of another's Services
}

// ip runs the program of that name.
func ip(ctx context.Context, words string) error {
	_, err := output(exec.CommandContext(ctx, "ip", strings.Fields(words)...))
	return err
}

// output runs a command; what it said is in the error.
func output(cmd *exec.Cmd) (string, error) {
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(said.String()))
	}
	return string(out), err
}

// attach makes the network namespace of the node and its cable to the bridge.
func (c *Cluster) attach(ctx context.Context) error {
	cable := "node" + fmt.Sprint(c.index)
	for _, words := range []string{
		"netns add " + c.netns,
		"link add " + cable + " type veth peer name eth0 netns " + c.netns,
		"link set " + cable + " master " + bridge + " up",
		"-n " + c.netns + " link set lo up",
		"-n " + c.netns + " addr add " + c.IP + "/24 dev eth0",
		"-n " + c.netns + " link set eth0 up",
		"-n " + c.netns + " route add default via " + Outside,
		"addr add " + c.dns + "/24 dev " + bridge,
		"route add " + c.services + " via " + c.IP,
		"route add " + c.pods + " via " + c.IP,
		"route add " + c.balanced + ".0/24 via " + c.IP,
	} {
		if err := ip(ctx, words); err != nil {
			return err
		}
	}
	// Bridged frames pass the rules of kube-proxy; a node may be addressed at its loopback.
	_, err := output(c.command(ctx, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1", "net.ipv4.conf.all.route_localnet=1"))
	return err
}

// detach undoes attach, for the next cluster of this number.
func (c *Cluster) detach(ctx context.Context) error {
	if err := ip(ctx, "netns del "+c.netns); err != nil { // and the cable and the routes with it
		return err
	}
	return ip(ctx, "addr del "+c.dns+"/24 dev "+bridge)
}

// Cut takes the node off the network; Mend puts it back.
func (c *Cluster) Cut(ctx context.Context) error {
	return ip(ctx, fmt.Sprintf("link set node%d nomaster", c.index))
}

// Mend undoes Cut.
func (c *Cluster) Mend(ctx context.Context) error {
	return ip(ctx, fmt.Sprintf("link set node%d master %s", c.index, bridge))
}

// command is a command in the network of the node.
func (c *Cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + c.netns, program}, args...)...)
}
