package supervise

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/fault"
)

// portsFree tells whether the router's own listeners can have their ports, and names who has them if not. It is asked
// before a router is started: the router's log would say no more than that an address is in use.
func portsFree(c *config.Config) error {
	var faults error
	for _, ln := range c.Listeners {
		port, err := portNumber(string(ln.Port))
		if err != nil {
			continue
		}
		if err := PortFree(ln.Host, port); err != nil {
			faults = multierr.Append(faults, fmt.Errorf("listener %s: %w", ln.Name, err))
		}
	}
	if faults == nil {
		return nil
	}
	return fault.Wrap(fault.Conflict, "cannot start the router", faults, "end what uses the port, then: system start")
}

// firstPortFile is where Linux says from which port on everybody may listen.
const firstPortFile = "/proc/sys/net/ipv4/ip_unprivileged_port_start"

// lowPort says that a port is not for this user, and what is to be done about it.
func lowPort(port int) error {
	text, err := os.ReadFile(firstPortFile)
	first, bad := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || bad != nil || port >= first { // something else forbids it
		return fmt.Errorf("port %d may not be used by this user", port)
	}
	return fmt.Errorf("port %d may not be used by this user, who has those from %d on: choose one of these, or as root: sysctl -w net.ipv4.ip_unprivileged_port_start=%d", port, first, port)
}

// PortFree tells whether a TCP port can be listened on at host (empty: all addresses), and if not who has it, as far
// as that can be found out.
func PortFree(host string, port int) error {
	ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))) //nolint:noctx // it does not wait
	if err == nil {
		return ln.Close()
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		by := ""
		if who := Holder(host, port).String(); who != "" {
			by = " by " + who
		}
		return fmt.Errorf("port %d is in use%s", port, by)
	case errors.Is(err, syscall.EACCES):
		return lowPort(port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine", host)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("port %d: %w", port, err)
}
