package main

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// cable carries the TCP connections of one link, and can disturb them.
type cable struct {
	to    string // host:port
	ln    net.Listener
	ended sync.WaitGroup

	mu    sync.Mutex
	pairs map[*pair]struct{} // nil when closed
	thaw  chan struct{}      // not nil while nothing moves; closed when it does again
}

// pair is one connection: its two ends.
type pair struct{ in, out *net.TCPConn }

// reset ends a connection as a broken middlebox does.
func (p *pair) reset() {
	for _, c := range []*net.TCPConn{p.in, p.out} {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
}

// finish ends a connection as a router that stops does.
func (p *pair) finish() { _, _ = p.in.Close(), p.out.Close() }

func newCable(ctx context.Context, addr, to string) (*cable, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	k := &cable{to: to, ln: ln, pairs: map[*pair]struct{}{}}
	k.ended.Go(k.accept)
	return k, nil
}

// cut ends connections with end: all of them, or any one. It returns how many.
func (k *cable) cut(all bool, end func(*pair)) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for p := range k.pairs { // in an order that Go makes up
		end(p)
		n++
		if !all {
			break
		}
	}
	return n
}

// stall moves nothing for d.
func (k *cable) stall(ctx context.Context, d time.Duration) {
	k.mu.Lock()
	k.thaw = make(chan struct{})
	k.mu.Unlock()
	sleep(ctx, d)
	k.mu.Lock()
	close(k.thaw)
	k.thaw = nil
	k.mu.Unlock()
}

// open is how many connections it carries.
func (k *cable) open() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.pairs)
}

func (k *cable) close() {
	_ = k.ln.Close()
	k.cut(true, (*pair).finish)
	k.mu.Lock()
	k.pairs = nil
	k.mu.Unlock()
	k.ended.Wait()
}

func (k *cable) accept() {
	for {
		in, err := proc.TCP(k.ln.Accept())
		if err != nil {
			return
		}
		k.ended.Go(func() { k.carry(in) })
	}
}

func (k *cable) carry(in *net.TCPConn) {
	out, err := proc.TCP(net.Dial("tcp", k.to))
	if err != nil {
		_ = in.Close()
		return
	}
	p := &pair{in: in, out: out}
	k.mu.Lock()
	if k.pairs == nil {
		k.mu.Unlock()
		p.finish()
		return
	}
	k.pairs[p] = struct{}{}
	k.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { k.move(p, p.in, p.out) })
	both.Go(func() { k.move(p, p.out, p.in) })
	both.Wait()
	k.mu.Lock()
	delete(k.pairs, p)
	k.mu.Unlock()
}

// move carries one direction. The end of one is the end of both: routers do not half-close.
func (k *cable) move(p *pair, dst, src *net.TCPConn) {
	defer p.finish()
	b := make([]byte, 64<<10)
	for {
		n, err := src.Read(b)
		k.mu.Lock()
		thaw := k.thaw
		k.mu.Unlock()
		if thaw != nil {
			<-thaw
		}
		if n > 0 {
			if _, err := dst.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
