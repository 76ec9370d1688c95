package proc

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Loopback is the address that everything here uses.
const Loopback = "127.0.0.1"

// Ports are chosen below the range that systems take the ports of outgoing connections from: a program that starts late
// would find its port taken by one of those. They are above those of the routers of tests (router/routertest), so that a measurement with a thousand
// listeners takes none of theirs.
const firstPort, lastPort = 31000, 32700

// Ports gives each port once. The zero value is ready; it is for one goroutine.
type Ports struct{ given map[int]bool }

// Next is a port of 127.0.0.1 that nobody listens on.
func (p *Ports) Next() (string, error) {
	if p.given == nil {
		p.given = map[int]bool{}
	}
	for range 1000 {
		n := firstPort + rand.IntN(lastPort-firstPort)
		if p.given[n] {
			continue
		}
		ln, err := net.Listen("tcp", net.JoinHostPort(Loopback, strconv.Itoa(n)))
		if err != nil {
			continue
		}
		p.given[n] = true
		return strconv.Itoa(n), ln.Close()
	}
	return "", errors.New("no port is free")
}
