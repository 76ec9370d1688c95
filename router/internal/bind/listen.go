// Package bind opens the ports that a router listens on.
package bind

import (
	"context"
	"net"
)

// Listen opens a port for TCP.
func Listen(ctx context.Context, host, port string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", address(host, port))
}

// address asks nobody where localhost is: the list of hosts may be being written when a router starts, as a kubelet does it for each
// container of a pod, and the servers of names need not know it.
func address(host, port string) string {
	if host == "localhost" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
