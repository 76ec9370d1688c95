//go:build cluster

package cluster

import "testing"

// offer runs servers at the place and a connector to them.
func (p *place) offer(key string) {
	p.t.Helper()
	if p.c == nil {
		var enter []string
		if p.host != nil {
			enter = p.host.Enter()
		}
		p.do("connector", "create", key, serveHere(p.t, enter...), "--host", "localhost")
		return
	}
	p.serve(key, 1)
	p.do("connector", "create", key, "8080", "--selector", "app="+key)
}

// use makes a listener at the place, and tells where its clients go to.
func (p *place) use(key string) (address string) {
	p.t.Helper()
	if p.c == nil {
		port, at := freePort(p.t), "127.0.0.1"
		if p.host != nil {
			at = p.host.IP
		}
		p.do("listener", "create", key, port, "--host", at)
		return at + ":" + port
	}
	name := "use-" + key // Services of that name would be the servers' own, were they in this namespace too
	p.do("listener", "create", name, "8080", "--host", name, "--routing-key", key)
	return p.clusterAddress(name) + ":8080"
}

// bothWays reaches servers at either place from the other, and gives the addresses.
func bothWays(t *testing.T, a, b *place) (atB, atA string) {
	t.Helper()
	a.offer("from-a")
	b.offer("from-b")
	atB, atA = b.use("from-a"), a.use("from-b")
	answers(t, atB)
	answers(t, atA)
	return atB, atA
}
