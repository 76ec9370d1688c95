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

// attach puts the node on the bridge, and makes known which addresses are reached through it.
func (c *Cluster) attach(ctx context.Context) (err error) {
	if c.host, err = attachAt(ctx, "cluster"+fmt.Sprint(c.index), c.IP); err != nil {
		return err
	}
	for _, words := range []string{
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
	_, err = output(c.host.Command(ctx, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1", "net.ipv4.conf.all.route_localnet=1"))
	return err
}

// detach undoes attach, for the next cluster of this number.
func (c *Cluster) detach(ctx context.Context) error {
	if c.host == nil {
		return nil
	}
	if err := c.host.Detach(ctx); err != nil { // and the routes with it
		return err
	}
	return ip(ctx, "addr del "+c.dns+"/24 dev "+bridge)
}

// Cut takes the node off the network; Mend puts it back.
func (c *Cluster) Cut(ctx context.Context) error { return c.host.Cut(ctx) }

// Mend undoes Cut.
func (c *Cluster) Mend(ctx context.Context) error { return c.host.Mend(ctx) }
