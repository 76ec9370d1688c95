package tcp

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

func TestBulk(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		host, port := server(t, echo)
		k := out.connector("echo", host, port)
		l, addr := in.listen("echo")
		c := dial(t, addr)
		const size = 24 << 20
		sent := sha256.New()
		go func() {
			_, _ = io.Copy(c, io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{7}), size), sent))
			_ = c.CloseWrite()
		}()
		got := sha256.New()
		n, err := io.Copy(got, c)
		if err != nil || n != size || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
			t.Errorf("%d of %d octets came back: %v", n, size, err)
		}
		eventually(t, "the flows end", func() bool { return l.Closed.Load() == 1 && k.Closed.Load() == 1 && l.Idle() && k.Idle() })
		if l.BytesIn.Load() != size || l.BytesOut.Load() != size || k.BytesIn.Load() != size || k.BytesOut.Load() != size {
			t.Errorf("counted %d, %d, %d, %d", l.BytesIn.Load(), l.BytesOut.Load(), k.BytesIn.Load(), k.BytesOut.Load())
		}
	})
}

func TestHundredFlows(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		host, port := server(t, echo)
		k := out.connector("echo", host, port)
		l, addr := in.listen("echo")
		for range 2 { // the second time with links that are there already
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					c, err := connect(addr)
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = c.Close() }()
					want := bytes.Repeat([]byte(fmt.Sprintf("flow %d. ", i)), 1000+i*10)
					go func() { _, _ = c.Write(want); _ = c.CloseWrite() }()
					if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
						t.Errorf("flow %d: %d of %d octets, %v", i, len(got), len(want), err)
					}
				})
			}
			wg.Wait()
		}
		eventually(t, "the flows end", func() bool { return l.Idle() && k.Idle() })
		if in != out {
			if n := in.links(); n > 22+2*100 {
				t.Errorf("%d links", n)
			}
		}
	})
}

// The server answers only after the client has ended, and the client hears the end only after the answer.
func TestHalfClose(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		host, port := server(t, func(c *net.TCPConn) {
			b, _ := io.ReadAll(c)
			time.Sleep(20 * time.Millisecond)
			_, _ = fmt.Fprintf(c, "got %s", b)
		})
		out.connector("x", host, port)
		_, addr := in.listen("x")
		c := dial(t, addr)
		_, _ = c.Write([]byte("request"))
		_ = c.CloseWrite()
		if b, err := io.ReadAll(c); err != nil || string(b) != "got request" {
			t.Errorf("%q, %v", b, err)
		}
		// And the other way round: the server ends first.
		host, port = server(t, func(c *net.TCPConn) {
			_, _ = c.Write([]byte("greeting"))
			_ = c.CloseWrite()
			b, _ := io.ReadAll(c)
			if string(b) != "answer" {
				t.Errorf("the server reads %q", b)
			}
		})
		k := out.connector("y", host, port)
		_, addr = in.listen("y")
		c = dial(t, addr)
		if b, err := io.ReadAll(c); err != nil || string(b) != "greeting" {
			t.Errorf("%q, %v", b, err)
		}
		_, _ = c.Write([]byte("answer"))
		_ = c.Close()
		eventually(t, "the flow ends", k.Idle)
	})
}

// A connection that is cut on one side is cut on the other: nobody takes it for an end, and no stream stays open.
func TestReset(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		byServer := make(chan bool, 100)
		host, port := server(t, func(c *net.TCPConn) {
			b := make([]byte, 4)
			_, _ = io.ReadFull(c, b)
			_, _ = c.Write([]byte("part"))
			if string(b) == "kill" {
				_ = c.SetLinger(0)
				return
			}
			byServer <- wasReset(c)
		})
		k := out.connector("x", host, port)
		l, addr := in.listen("x")
		links, rounds := 0, 5
		for i := range 2*rounds + 1 {
			c := dial(t, addr)
			_, _ = c.Write([]byte("kill"))
			if !wasReset(c) {
				t.Fatal("the client takes a reset of the server for an end")
			}
			c = dial(t, addr)
			_, _ = c.Write([]byte("wait"))
			_, _ = io.ReadFull(c, make([]byte, 4))
			_ = c.SetLinger(0)
			_ = c.Close()
			if !receive(t, byServer) {
				t.Fatal("the server takes a reset of the client for an end")
			}
			eventually(t, "the flows end", func() bool { return l.Idle() && k.Idle() })
			if i == rounds {
				links = in.links()
				time.Sleep(limits.StreamLinkRest + 300*time.Millisecond)
			}
		}
		if n := in.links(); n >= links+rounds { // a link may not be back yet when the next flow wants one, but not one of each flow
			t.Errorf("links grow from %d to %d", links, n)
		}
	})
}

func TestRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		host, port := server(t, echo)
		held := dial(t, net.JoinHostPort(host, port)) // nobody listens at its own port, and nobody else gets that
		_, dead, _ := net.SplitHostPort(held.LocalAddr().String())
		out.connector("x", host, dead)
		l, addr := in.listen("x")
		for range 10 {
			c, err := connect(addr)
			if err != nil { // the reset was quicker
				continue
			}
			if !wasReset(c) {
				t.Error("the client sees an end in order")
			}
			_ = c.Close()
		}
		eventually(t, "the flows end", func() bool { return l.Idle() && l.Closed.Load() == 10 })
	})
}

// The port is open exactly while the address can be reached.
func TestReachability(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		host, port := server(t, echo)
		k := out.connector("x", host, port)
		l, addr := in.listen("x")
		c := dial(t, addr)
		_, _ = c.Write([]byte("a"))
		_, _ = io.ReadFull(c, make([]byte, 1))
		k.Stop(false)
		eventually(t, "the listener is closed", func() bool { up, _ := l.State(); return !up })
		if d, err := connect(addr); err == nil {
			_ = d.Close()
			t.Error("the port is open")
		}
		_, _ = c.Write([]byte("b")) // what is there goes on
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Error(err)
		}
		out.connector("x", host, port)
		eventually(t, "the listener is open", func() bool { up, _ := l.State(); return up })
		d := dial(t, addr)
		_ = d.CloseWrite()
		if _, err := io.ReadAll(d); err != nil {
			t.Error(err)
		}
		k.Stop(true)
		if !wasReset(c) {
			t.Error("a dropped connection ends in order")
		}
	})
}

// One reader that takes nothing holds up no other flow, and holds no more than its window.
func TestStuckReader(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		release := make(chan struct{})
		host, port := server(t, func(c *net.TCPConn) {
			b := make([]byte, 5)
			_, _ = io.ReadFull(c, b)
			if string(b) == "stuck" {
				<-release
			}
			echo(c)
		})
		letGo := sync.OnceFunc(func() { close(release) })
		t.Cleanup(letGo) // before that of the server, which waits
		k := out.connector("x", host, port)
		_, addr := in.listen("x")
		stuck := dial(t, addr)
		_, _ = stuck.Write([]byte("stuck"))
		var wg sync.WaitGroup
		const size = 32 << 20
		wg.Go(func() {
			_, _ = io.Copy(stuck, io.LimitReader(rand.NewChaCha8([32]byte{3}), size))
			_ = stuck.CloseWrite()
		})
		defer wg.Wait()
		var waiting int
		sum := func(f *flow) int {
			f.sink.mu.Lock()
			defer f.sink.mu.Unlock()
			return f.sink.waiting
		}
		eventually(t, "the window is full", func() bool {
			k.group.mu.Lock()
			flows := slices.Collect(maps.Keys(k.group.flows))
			k.group.mu.Unlock() // a flow that ends takes its own lock first and this one then
			n := 0
			for _, f := range flows {
				n += sum(f)
			}
			full := n > 0 && n == waiting
			waiting = n
			if !full {
				time.Sleep(100 * time.Millisecond)
			}
			return full
		})
		if waiting > limits.StreamWindow+2*limits.StreamAck {
			t.Errorf("a reader that takes nothing has %d octets waiting", waiting)
		}
		if n := in.chunks.Out() + out.chunks.Out(); n > 100 {
			t.Errorf("it holds %d chunks", n)
		}
		for range 5 { // others pass
			c := dial(t, addr)
			want := make([]byte, 1<<20)
			go func() { _, _ = c.Write([]byte("quick")); _, _ = c.Write(want); _ = c.CloseWrite() }()
			if n, err := io.Copy(io.Discard, c); err != nil || n != int64(len(want)) {
				t.Errorf("%d octets, %v", n, err)
			}
		}
		letGo()
		if n, err := io.Copy(io.Discard, stuck); err != nil || n != size {
			t.Errorf("%d octets in the end, %v", n, err)
		}
	})
}

// When the network between the routers goes, both ends hear it at once, whatever the flows are doing.
func TestLostNeighbour(t *testing.T) {
	a, b := newSite(t, "A"), newSite(t, "B")
	cut := join(t, a, b)
	atServer := make(chan bool, 3)
	host, port := server(t, func(c *net.TCPConn) {
		_, _ = c.Write([]byte("hello"))
		atServer <- wasReset(c)
	})
	k := b.connector("x", host, port)
	l, addr := a.listen("x")
	var clients []*net.TCPConn
	for range 3 {
		c := dial(t, addr)
		_, _ = io.ReadFull(c, make([]byte, 5))
		clients = append(clients, c)
	}
	_ = clients[1].CloseWrite()
	if receive(t, atServer) {
		t.Error("an end in order is a reset for the server")
	}
	cut()
	for i, c := range clients {
		if i != 1 && !wasReset(c) {
			t.Errorf("client %d sees an end in order", i)
		}
	}
	for range 2 {
		if !receive(t, atServer) {
			t.Error("the server sees an end in order")
		}
	}
	eventually(t, "the flows end", func() bool { return l.Idle() && k.Idle() })
	eventually(t, "the listener is closed", func() bool { up, _ := l.State(); return !up })
}
