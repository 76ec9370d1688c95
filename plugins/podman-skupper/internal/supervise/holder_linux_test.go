package supervise

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestHolder(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	port := ln.Addr().(*net.TCPAddr).Port
	for host, found := range map[string]bool{"": true, "0.0.0.0": true, "127.0.0.1": true, "localhost": true, "127.0.0.2": false} {
		if h := Holder(host, port); h.None() == found || found && h.PID != os.Getpid() {
			t.Errorf("%q: got %+v", host, h)
		}
	}
	if err := PortFree("127.0.0.1", port); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d (", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	// A connection that goes out from a port keeps everybody from listening there.
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	from := c.LocalAddr().(*net.TCPAddr).Port
	if h := Holder("", from); h.None() || !h.Connection() {
		t.Errorf("got %+v", h)
	}
	if err := PortFree("", from); err == nil || !strings.Contains(err.Error(), "a connection of process") {
		t.Errorf("got %v", err)
	}
	busy := BusyPorts()
	if !slices.Contains(busy, port) || !slices.Contains(busy, from) {
		t.Errorf("ports %d and %d are not busy: %v", port, from, busy)
	}
	_ = ln.Close()
	if err := PortFree("127.0.0.1", 0); err != nil {
		t.Errorf("got %v", err)
	}
	if err := PortFree("192.0.2.77", 1); err == nil || !strings.Contains(err.Error(), "no address of this machine") {
		t.Errorf("got %v", err)
	}
}
