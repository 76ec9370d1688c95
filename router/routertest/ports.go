package routertest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are chosen below the range that systems take the ports of outgoing connections from: a listener that opens
// and closes would lose its port to one of those. They come in blocks, the first of each of which is listened on as long as the
// mesh is there: so no two meshes, of whatever processes, have ports of one block.
const firstPort, lastPort, block = 12000, 31000, 50

// freePort is a port of 127.0.0.1 that nobody listens on and that was not given out before.
func (m *Mesh) freePort() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range 1000 {
		if m.port%block == 0 {
			p := firstPort + block*rand.IntN((lastPort-firstPort)/block)
			claim, err := listen(p)
			if err != nil {
				continue
			}
			m.tb.Cleanup(func() { _ = claim.Close() }) // nobody is ever accepted
			m.port = p + 1
		}
		p := m.port
		m.port++
		l, err := listen(p)
		if err != nil {
			continue
		}
		return strconv.Itoa(p), l.Close()
	}
	return "", errors.New("no port is free")
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
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
