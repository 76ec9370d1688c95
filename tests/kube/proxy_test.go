//go:build kube

package kube

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy passes octets on, until its connections are cut.
type proxy struct {
	address string
	cuts    atomic.Int64 // connections cut so far
	down    atomic.Bool  // takes no more connections

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: l.Addr().String(), conns: map[net.Conn]struct{}{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err == nil && p.down.Load() {
				_ = out.Close()
				err = net.ErrClosed
			}
			if err != nil {
				_ = in.Close()
				continue
			}
			p.mu.Lock()
			p.conns[in], p.conns[out] = struct{}{}, struct{}{}
			p.mu.Unlock()
			all.Go(func() { pass(in, out) })
			all.Go(func() { pass(out, in) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		all.Wait()
	})
	return p
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from) // one of the two has gone
	_ = to.Close()
	_ = from.Close()
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
		p.cuts.Add(1)
		delete(p.conns, c)
	}
}
