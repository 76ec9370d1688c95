package bind

import (
	"net"
	"testing"
)

func TestAddress(t *testing.T) {
	for _, c := range [][3]string{
		{"localhost", "5672", "127.0.0.1:5672"}, {"", "9090", ":9090"}, {"::1", "1", "[::1]:1"}, {"router.example", "1", "router.example:1"},
	} {
		if got := address(c[0], c[1]); got != c[2] {
			t.Errorf("%q: got %s, want %s", c[0], got, c[2])
		}
	}
}

func TestListen(t *testing.T) {
	ln, err := Listen(t.Context(), "localhost", "0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Listen(t.Context(), "127.0.0.1", port); err == nil {
		_ = again.Close()
		t.Error("localhost is somewhere else")
	}
}
