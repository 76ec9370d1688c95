package e2e

import (
	"net"
	"testing"
)

// freePort is a port of loopback that nobody has now.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // nothing was accepted
	return ln.Addr().(*net.TCPAddr).Port
}
