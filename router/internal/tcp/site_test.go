package tcp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a router of this package's needs: a core and, instead of a control plane, somebody who knows its only neighbour.
type site struct {
	t      *testing.T
	id     string
	core   *core.Core
	chunks *chunk.Pool

	mu    sync.Mutex
	local map[string]core.Treatment
	peer  *site
}

func newSite(t *testing.T, id string) *site {
	t.Helper()
	s := &site{t: t, id: id, chunks: &chunk.Pool{}, local: map[string]core.Treatment{}}
	s.core = core.New(core.Config{ID: id, Log: zerolog.Nop(), Control: s, Chunks: s.chunks, Default: core.Balanced})
	s.core.EachTick(s.core.TrimPools)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.core.Run(ctx) }()
	t.Cleanup(func() {
		eventually(t, "all chunks come back", func() bool { return s.chunks.Out() == 0 })
		cancel()
		<-done
	})
	return s
}

func (s *site) LinkUp(link, cost int, _ string) {
	s.core.SetNode(s.peer.id, link, "", cost, nil)
	s.peer.mu.Lock()
	defer s.peer.mu.Unlock()
	for k, t := range s.peer.local {
		s.core.AddRemote(s.peer.id, k, t, "")
	}
}

func (s *site) LinkLost(int) { s.core.NodeGone(s.peer.id) }

func (s *site) LocalAdded(key string, t core.Treatment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.local[key] = t
	if p := s.peer; p != nil {
		p.core.Do(func() { p.core.AddRemote(s.id, key, t, "") })
	}
}

func (s *site) LocalMesh(string, string) {}

func (s *site) LocalRemoved(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.local, key)
	if p := s.peer; p != nil {
		p.core.Do(func() { p.core.RemoveRemote(s.id, key) })
	}
}

func (s *site) Receive(int, []byte)            {}
func (s *site) Flood(string, int, []byte) bool { return true }
func (s *site) Deadline() time.Time            { return time.Now().Add(time.Hour) }
func (s *site) Tick(time.Time)                 {}

// join connects two sites and returns what cuts the connection.
func join(t *testing.T, a, b *site) (cut func()) {
	t.Helper()
	a.peer, b.peer = b, a
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	d, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	acc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	serve := func(s *site, c net.Conn, dialled bool) {
		cfg := conn.Config{Client: dialled, ContainerID: s.id, Chunks: s.chunks, IdleTimeout: 10 * time.Second, Handshake: 5 * time.Second}
		p := transport.NewPeer(transport.NewSocket(c, nil, dialled), cfg)
		wg.Go(func() { _ = s.core.Serve(ctx, p, 1, core.ConnOptions{Role: core.InterRouter, Dialled: dialled}) })
	}
	serve(a, d, true)
	serve(b, acc, false)
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	for _, s := range []*site{a, b} {
		eventually(t, "the neighbour is there", func() (up bool) {
			s.core.Call(t.Context(), func() {
				for _, c := range s.core.Connections() {
					up = c.Control > 0
				}
			})
			return up
		})
	}
	return func() { _ = d.(*net.TCPConn).SetLinger(0); _ = d.Close() }
}

// patience is how long a test waits for what has to come: long enough for a machine with much else to do.
const patience = 60 * time.Second

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("it does not come true that %s", what)
		}
	}
}

// receive takes what comes by a channel.
func receive[T any](t *testing.T, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatal("nothing comes")
	}
	return v
}

// server accepts connections for a test.
func server(t *testing.T, handle func(c *net.TCPConn)) (host, port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(patience))
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		wg.Wait()
	})
	host, port, _ = net.SplitHostPort(ln.Addr().String())
	return host, port
}

func echo(c *net.TCPConn) {
	_, _ = io.Copy(c, c)
	_ = c.CloseWrite()
}

// connector offers host:port as an address.
func (s *site) connector(address, host, port string) *Connector {
	return s.startConnector(ConnectorConfig{Name: "out", Host: host, Port: port, Address: address})
}

func (s *site) startConnector(cfg ConnectorConfig) *Connector {
	k := NewConnector(cfg, s.core, zerolog.Nop())
	k.Start(context.Background())
	s.t.Cleanup(func() { k.Stop(true) })
	return k
}

// listener opens a port for an address and waits until it is open.
func (s *site) listener(cfg ListenerConfig) (*Listener, string) {
	s.t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	cfg.Host, cfg.Port, _ = net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	l := NewListener(cfg, s.core, zerolog.Nop())
	l.Start(context.Background())
	s.t.Cleanup(func() { l.Stop(true) })
	eventually(s.t, "the listener is open", func() bool { up, _ := l.State(); return up })
	return l, net.JoinHostPort(cfg.Host, cfg.Port)
}

func (s *site) listen(address string) (*Listener, string) {
	s.t.Helper()
	return s.listener(ListenerConfig{Name: "in", Targets: []Target{{Address: address, Value: 1}}})
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := connect(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// connect is dial for where that may fail, or for other goroutines than the test's.
func connect(addr string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn), nil
}

// everywhere runs a test with listener and connector at one router, and at two.
func everywhere(t *testing.T, f func(t *testing.T, in, out *site)) {
	t.Run("one-router", func(t *testing.T) { s := newSite(t, "A"); f(t, s, s) })
	t.Run("two-routers", func(t *testing.T) {
		a, b := newSite(t, "A"), newSite(t, "B")
		join(t, a, b)
		f(t, a, b)
	})
	t.Run("dialled-by-server-side", func(t *testing.T) {
		a, b := newSite(t, "A"), newSite(t, "B")
		join(t, b, a)
		f(t, a, b)
	})
}

// wasReset reports that reading ended by anything but an end in order, or none at all.
func wasReset(c net.Conn) bool {
	_, err := io.Copy(io.Discard, c)
	return err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded)
}

func (s *site) nop() zerolog.Logger { return zerolog.Nop() }

// links is how many links the first connection of a site has.
func (s *site) links() (n int) {
	s.core.Call(s.t.Context(), func() { n = len(s.core.Links()) })
	return n
}
