package agent

import (
	"net"
	"os"
	"slices"
)

// machine is the facts about this machine that sites need.
type machine struct {
	hostname  string
	addresses []string // of the interfaces that are up, those that others can reach first
}

func lookAround() machine {
	var m machine
	m.hostname, _ = os.Hostname() // without one the addresses have to do
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return m
	}
	var last []string
	for _, a := range addrs {
		ipn, ok := a.(*net.IPNet)
		if !ok || ipn.IP.IsUnspecified() || ipn.IP.IsMulticast() || ipn.IP.IsLinkLocalUnicast() {
			continue
		}
		if ipn.IP.IsLoopback() {
			last = append(last, ipn.IP.String())
		} else {
			m.addresses = append(m.addresses, ipn.IP.String())
		}
	}
	isV6 := func(s string) int {
		if net.ParseIP(s).To4() == nil {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(m.addresses, func(a, b string) int { return isV6(a) - isV6(b) })
	m.addresses = append(m.addresses, last...)
	return m
}
