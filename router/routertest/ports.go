package routertest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are chosen below the range that systems take the ports of outgoing connections from: a listener that opens
// and closes would lose its port to one of those.
const firstPort, lastPort = 12000, 31000

// freePort is a port of 127.0.0.1 that nobody listens on and that was not given out before.
func (m *Mesh) freePort() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range 1000 {
		p := firstPort + rand.IntN(lastPort-firstPort)
		if m.ports[p] {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(p)))
		if err != nil {
			continue
		}
		m.ports[p] = true
		return strconv.Itoa(p), l.Close()
	}
	return "", errors.New("no port is free")
}

// Port is a free port of 127.0.0.1, different from every other port of the mesh.
func (m *Mesh) Port() string {
	m.tb.Helper()
	p, err := m.freePort()
	if err != nil {
		m.tb.Fatal(err)
	}
	return p
}
