package tcp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

func TestPickOfAddress(t *testing.T) {
	s := newSite(t, "A")
	name := func(word string) (host, port string) {
		return server(t, func(c *net.TCPConn) { _, _ = c.Write([]byte(word)) })
	}
	try := func(addr string) (string, error) {
		c := dial(t, addr)
		b, err := io.ReadAll(c)
		_ = c.Close()
		return string(b), err
	}
	hear := func(addr string) string {
		s, err := try(addr)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	becomes := func(addr, want string) func() bool { // a connection that comes while the address goes away finds nobody
		return func() bool { s, err := try(addr); return err == nil && s == want }
	}
	host, port := name("low")
	s.connector("low", host, port)
	targets := []Target{{Address: "low", Value: 1}, {Address: "high", Value: 9}, {Address: "never", Value: 100}}
	_, priority := s.listener(ListenerConfig{Strategy: Priority, Targets: targets})
	_, weighted := s.listener(ListenerConfig{Strategy: Weighted, Targets: targets})
	if w := hear(priority); w != "low" {
		t.Errorf("with one address reachable it is %q", w)
	}
	host, port = name("high")
	high := s.connector("high", host, port)
	eventually(t, "the better address is used", becomes(priority, "high"))
	got := map[string]int{}
	const n = 300
	for range n {
		got[hear(weighted)]++
	}
	if got["low"] < n/50 || got["low"] > n/4 || got["low"]+got["high"] != n { // 10 % are expected
		t.Errorf("weights 1 and 9 give %v", got)
	}
	high.Stop(false)
	eventually(t, "the other address is used", becomes(priority, "low"))
}

// certificate is a self-signed one with the pool that trusts it.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TLS from the client to the listener and from the connector to the server; the protocol that the client gets is the one that the server is offered.
func TestTLSAtBothEnds(t *testing.T) {
	cert, pool := certificate(t, "s.example")
	everywhere(t, func(t *testing.T, in, out *site) {
		offered := make(chan []string, 10)
		host, port := server(t, func(c *net.TCPConn) {
			s := tls.Server(c, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				offered <- h.SupportedProtos
				return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: h.SupportedProtos}, nil
			}})
			_, _ = io.Copy(s, s)
			_ = s.CloseWrite()
			_, _ = io.Copy(io.Discard, c)
		})
		k := out.startConnector(ConnectorConfig{Host: host, Port: port, Address: "x", TLS: func() (*tls.Config, error) {
			return &tls.Config{RootCAs: pool, ServerName: "s.example"}, nil
		}})
		l, addr := in.listener(ListenerConfig{Targets: []Target{{Address: "x", Value: 1}}, TLS: func() (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
		}})
		for _, c := range []struct {
			protos []string
			want   string
		}{{nil, ""}, {[]string{"h2", "http/1.1"}, "http/1.1"}, {[]string{"h2"}, "h2"}, {[]string{"postgresql"}, ""}} {
			raw := dial(t, addr)
			s := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: "s.example", NextProtos: c.protos})
			want := make([]byte, 3<<20)
			go func() { _, _ = s.Write(want); _ = s.CloseWrite() }()
			n, err := io.Copy(io.Discard, s)
			if err != nil || int(n) != len(want) || s.ConnectionState().NegotiatedProtocol != c.want {
				t.Errorf("%v: %d octets, %v, protocol %q", c.protos, n, err, s.ConnectionState().NegotiatedProtocol)
			}
			if o := receive(t, offered); c.want == "" && len(o) != 0 || c.want != "" && (len(o) != 1 || o[0] != c.want) {
				t.Errorf("%v: the server is offered %v", c.protos, o)
			}
			_ = raw.Close()
		}
		// What is not TLS is turned away.
		c := dial(t, addr)
		_, _ = c.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		_, _ = io.Copy(io.Discard, c)
		eventually(t, "the flows end", func() bool { return l.Closed.Load() == 5 && l.Idle() && k.Idle() })
	})
}

// A client whose handshake takes long goes to what can be reached then.
func TestTargetLostInHandshake(t *testing.T) {
	cert, pool := certificate(t, "s.example")
	s := newSite(t, "A")
	name := func(word string) *Connector {
		host, port := server(t, func(c *net.TCPConn) { _, _ = c.Write([]byte(word)) })
		return s.connector(word, host, port)
	}
	high := name("high")
	name("low")
	targets := []Target{{Address: "low", Value: 1}, {Address: "high", Value: 9}}
	l, addr := s.listener(ListenerConfig{Strategy: Priority, Targets: targets, TLS: func() (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
	}})
	best := func(want string) func() bool {
		return func() bool { to, ok := l.pick(); return ok && to.Address == want }
	}
	eventually(t, "both are known", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.targets[0].reachable && l.targets[1].reachable })
	raw := dial(t, addr)
	eventually(t, "the client is there", func() bool { return l.Opened.Load() == 1 })
	high.Stop(false)
	eventually(t, "the better address is gone", best("low"))
	c := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: "s.example"})
	if b, err := io.ReadAll(c); err != nil || string(b) != "low" {
		t.Errorf("%q, %v", b, err)
	}
	_ = raw.Close()
	eventually(t, "the flow ends", l.Idle)
}

// The end of a connector does not wait for servers that are being dialled, and no flow comes after it.
func TestStopWhileDialling(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		arrived := make(chan struct{}, 10)
		host, port := server(t, func(c *net.TCPConn) {
			arrived <- struct{}{}
			_, _ = io.Copy(io.Discard, c) // never says a word of TLS
		})
		k := out.startConnector(ConnectorConfig{Host: host, Port: port, Address: "x", TLS: func() (*tls.Config, error) { return &tls.Config{InsecureSkipVerify: true}, nil }})
		_, addr := in.listen("x")
		c := dial(t, addr)
		receive(t, arrived)
		begin := time.Now()
		k.Stop(true)
		if d := time.Since(begin); d >= limits.DialTimeout {
			t.Errorf("stopped after %v: it waited for the dial to fail", d)
		}
		if !wasReset(c) {
			t.Error("the client sees an end in order")
		}
	})
}

// A client that is gone before its stream found a way leaves nothing behind.
func TestClientGoneWhileDialling(t *testing.T) {
	everywhere(t, func(t *testing.T, in, out *site) {
		arrived, release := make(chan struct{}, 10), make(chan struct{})
		host, port := server(t, func(c *net.TCPConn) {
			arrived <- struct{}{}
			<-release
		})
		letGo := sync.OnceFunc(func() { close(release) })
		t.Cleanup(letGo) // before that of the server, which waits
		k := out.startConnector(ConnectorConfig{Host: host, Port: port, Address: "x", TLS: func() (*tls.Config, error) { return &tls.Config{InsecureSkipVerify: true}, nil }})
		l, addr := in.listen("x")
		for range 3 {
			c := dial(t, addr)
			_ = c.SetLinger(0)
			receive(t, arrived)
			_ = c.Close()
		}
		l.Stop(true) // its flows are waiting for the server
		letGo()
		eventually(t, "the flows end", func() bool { return l.Idle() && k.Idle() })
	})
}

// A port that is taken is tried again.
func TestPortTaken(t *testing.T) {
	s := newSite(t, "A")
	host, port := server(t, echo)
	s.connector("x", host, port)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, p, _ := net.SplitHostPort(taken.Addr().String())
	l := NewListener(ListenerConfig{Host: "127.0.0.1", Port: p, Targets: []Target{{Address: "x"}}}, s.core, s.nop())
	l.Start(t.Context())
	defer l.Stop(true)
	eventually(t, "the fault is known", func() bool { up, why := l.State(); return !up && why != "" })
	_ = taken.Close()
	eventually(t, "the port is open", func() bool { up, why := l.State(); return up && why == "" })
}

// stuckSock is a socket that takes nothing until it is closed.
type stuckSock struct{ closed chan struct{} }

func (s *stuckSock) read(*chunk.Pool, int, int) (*chunk.Chunk, int, error) {
	<-s.closed
	return nil, 0, net.ErrClosed
}
func (s *stuckSock) tryWrite([][]byte) (int, error) { return 0, nil }
func (s *stuckSock) write([]byte) error             { <-s.closed; return net.ErrClosed }
func (s *stuckSock) closeWrite() error              { return nil }
func (s *stuckSock) LocalAddr() net.Addr            { return nil }
func (s *stuckSock) waits() bool                    { return false }
func (s *stuckSock) acked() (uint64, bool)          { return 0, false }
func (s *stuckSock) close(bool)                     { close(s.closed) }

// said is a source that keeps what it is told.
type said struct{ states chan frame.DeliveryState }

func (s said) Update(st frame.DeliveryState, _ bool) { s.states <- st }

// A sender that minds no window is cut when it has sent too much, and what was kept of it is freed.
func TestWindowOverrun(t *testing.T) {
	s := newSite(t, "A")
	g := newGroup()
	l := &Listener{}
	over := make(chan error, 1)
	f := newFlow(&stuckSock{make(chan struct{})}, s.core, g, &l.BytesIn, &l.BytesOut, &Count{}, noEntry{})
	f.over = func(err error) { over <- err }
	src := said{make(chan frame.DeliveryState, 100)}
	f.sink.src = src
	part := make([]byte, 100_000)
	for n := 0; n < 2*(limits.StreamWindow+limits.StreamSlack); n += len(part) {
		f.sink.Write(part)
		f.sink.Flush()
		if out := s.chunks.Out(); out > (limits.StreamWindow+limits.StreamSlack)/chunk.Size+2 {
			t.Fatalf("%d chunks are held", out)
		}
	}
	if err := receive(t, over); err == nil || errors.Is(err, errAborted) {
		t.Errorf("ended with %v", err)
	}
	g.wait()
	if st := receive(t, src.states); st.Code() != (&frame.Modified{}).Code() {
		t.Errorf("the sender hears %T", st)
	}
	f.sink.Write(part)
	f.sink.End(false) // which settles what was refused
	if st := receive(t, src.states); st.Code() != (&frame.Modified{}).Code() || len(src.states) != 0 {
		t.Errorf("the sender hears %T", st)
	}
}

// Whatever comes to a connector that is no stream of this kind is given back.
func TestStrangeOffer(t *testing.T) {
	a, b := newSite(t, "A"), newSite(t, "B")
	join(t, a, b)
	host, port := server(t, echo)
	k := b.connector("x", host, port)
	eventually(t, "the address is known", func() (ok bool) {
		a.core.Call(t.Context(), func() {
			for _, v := range a.core.Addresses() {
				ok = ok || v.Key == "Mx" && v.Remotes > 0
			}
		})
		return ok
	})
	for _, replyTo := range []string{"", "amqp:/_topo/0/A/temp.x"} {
		head, err := streamHead("x", replyTo, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if replyTo != "" { // the reply has nowhere to go: the stream is refused once the server has answered
			head = append([]byte(nil), head...)
		}
		src := said{make(chan frame.DeliveryState, 10)}
		st := a.core.Open("x", head, src, nil)
		select {
		case got := <-src.states:
			if replyTo == "" && got.Code() != (&frame.Released{}).Code() {
				t.Errorf("got %T", got)
			}
		case <-time.After(patience):
			t.Errorf("no outcome for a stream to %q", replyTo)
		}
		st.Cut(false)
	}
	eventually(t, "the flows end", k.Idle)
}

var _ core.Source = said{}
