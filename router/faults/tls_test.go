//go:build linux

package faults

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

var saslHeader = []byte("AMQP\x03\x01\x00\x00")

func sasl(p frame.Performative) []byte { return frame.AppendFrame(nil, frame.TypeSASL, 0, p, nil) }

// member is the TLS configuration of somebody with a certificate of the mesh.
func (b *besieged) member(name string) *tls.Config {
	b.t.Helper()
	p := b.Issue(name)
	cfg, err := (&transport.Profile{Name: name, CAFile: p.CACertFile, CertFile: p.CertFile, KeyFile: p.PrivateKeyFile}).Client("127.0.0.1", true)
	if err != nil {
		b.t.Fatal(err)
	}
	return cfg
}

// dialFrom connects from an address of loopback, so that the log tells one stranger from another.
func dialFrom(t *testing.T, ip, addr string) *net.TCPConn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: patience}
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// blames waits until the log has a line that names a peer and the rule that it broke.
func (b *besieged) blames(t *testing.T, host, rule string) {
	t.Helper()
	routertest.Eventually(t, patience, func(context.Context) error {
		for line := range lines([]byte(b.a.Log())) {
			if strings.Contains(line, `"`+host+":") && strings.Contains(line, rule) {
				return nil
			}
		}
		return fmt.Errorf("no line of the log names %s and %q", host, rule)
	})
}

// TestNonsenseBeforeAndWithinTLS has strangers talk something else than what a port is for, and break TLS and SASL at each step: each loses its own connection.
func TestNonsenseBeforeAndWithinTLS(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	alert := []byte{0x15, 3, 3, 0, 2, 2, 0x28}
	hello := clientHello(t)
	anonymous := *b.member("nobody")
	anonymous.Certificates = nil
	strange := routertest.New(t).Issue("stranger")
	other, err := tls.LoadX509KeyPair(strange.CertFile, strange.PrivateKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	foreign := *b.member("foreigner")
	foreign.Certificates = []tls.Certificate{other}
	good := b.member("member")
	huge := make([]wire.Symbol, 200)
	for i := range huge {
		huge[i] = wire.Symbol(strings.Repeat("m", 70))
	}
	for i, m := range []struct {
		name string
		addr string
		tls  *tls.Config // nil: none
		say  []byte
		rule string
	}{
		{"AMQP on a TLS port", b.inter, nil, amqpHeader, "does not look like a TLS handshake"},
		{"TLS on a plain port", b.plain, nil, hello, "unexpected protocol header"},
		{"an alert first", b.inter, nil, alert, "tls"},
		{"an alert within the handshake", b.inter, nil, append(bytes.Clone(hello), alert...), "tls"},
		{"a hello with garbage", b.inter, nil, append(bytes.Clone(hello[:60]), bytes.Repeat([]byte{0xff}, len(hello)-60)...), "tls"},
		{"records without octets", b.inter, nil, bytes.Repeat([]byte{0x16, 3, 1, 0, 0}, 10_000), "tls"},
		{"a record that is too long", b.inter, nil, append([]byte{0x16, 3, 1, 0xff, 0xff}, make([]byte, 70_000)...), "tls"},
		{"no certificate", b.inter, &anonymous, saslHeader, "tls"},
		{"a certificate of strangers", b.inter, &foreign, saslHeader, "tls"},
		{"no SASL", b.inter, good, opening(), "unexpected protocol header"},
		{"PLAIN", b.inter, good, append(bytes.Clone(saslHeader), sasl(&frame.SASLInit{Mechanism: "PLAIN", InitialResponse: []byte("\x00guest\x00guest")})...), "PLAIN is not offered"},
		{"ANONYMOUS", b.inter, good, append(bytes.Clone(saslHeader), sasl(&frame.SASLInit{Mechanism: "ANONYMOUS"})...), "ANONYMOUS is not offered"},
		{"EXTERNAL without TLS", b.plain, nil, append(bytes.Clone(saslHeader), sasl(&frame.SASLInit{Mechanism: "EXTERNAL"})...), "EXTERNAL is not offered"},
		{"a mechanism of a kilobyte", b.inter, good, append(bytes.Clone(saslHeader), sasl(&frame.SASLInit{Mechanism: wire.Symbol(strings.Repeat("X", 1000))})...), "is not offered"},
		{"a mechanism that is too long", b.inter, good, append(bytes.Clone(saslHeader), sasl(&frame.SASLInit{Mechanism: wire.Symbol(strings.Repeat("X", 10_000))})...), "amqp:decode-error"},
		{"mechanisms of a client", b.inter, good, append(bytes.Clone(saslHeader), sasl(&frame.SASLMechanisms{Mechanisms: huge})...), "unexpected SASL frame"},
		{"an outcome of a client", b.inter, good, append(bytes.Clone(saslHeader), sasl(&frame.SASLOutcome{})...), "unexpected SASL frame"},
		{"AMQP within SASL", b.inter, good, append(bytes.Clone(saslHeader), amqp(0, &frame.Open{ContainerID: "x"}, nil)...), "not SASL"},
		{"an empty SASL frame", b.inter, good, append(bytes.Clone(saslHeader), 0, 0, 0, 8, 2, 1, 0, 0), "amqp:decode-error"},
		{"SASL twice", b.inter, good, bytes.Join([][]byte{saslHeader, sasl(&frame.SASLInit{Mechanism: "EXTERNAL"}), saslHeader}, nil), "unexpected protocol header"},
		{"SASL after SASL", b.inter, good, bytes.Join([][]byte{saslHeader, sasl(&frame.SASLInit{Mechanism: "EXTERNAL"}), amqpHeader, sasl(&frame.SASLInit{Mechanism: "EXTERNAL"})}, nil), "frame of type 1"},
	} {
		t.Run(m.name, func(t *testing.T) {
			host := fmt.Sprintf("127.0.2.%d", i+1)
			raw := dialFrom(t, host, m.addr)
			var c net.Conn = raw
			if m.tls != nil {
				c = tls.Client(raw, m.tls)
			}
			go func() {
				_, _ = c.Write(m.say) // it need not hear all
			}()
			if _, err := io.Copy(io.Discard, c); err != nil {
				if n, ok := err.(net.Error); ok && n.Timeout() {
					t.Error("the router does not end the connection")
				}
			}
			b.blames(t, host, m.rule)
		})
	}
	b.over()
}

// clientHello is what a client begins with.
func clientHello(t *testing.T) []byte {
	t.Helper()
	near, far := net.Pipe()
	go func() {
		_ = tls.Client(near, &tls.Config{ServerName: "x.example", MinVersion: tls.VersionTLS12}).Handshake()
	}()
	b := make([]byte, 4096)
	n, err := far.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = near.Close(), far.Close()
	return b[:n]
}

// octetwise writes each octet by itself.
type octetwise struct{ net.Conn }

func (o octetwise) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := o.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// TestOddTLS has peers do what is unusual and allowed: those are served.
func TestOddTLS(t *testing.T) {
	t.Parallel()
	b := besiege(t)
	for i, m := range []struct {
		name   string
		change func(c *tls.Config)
		wrap   func(c net.Conn) net.Conn
		each   bool // a record for each octet
	}{
		{"another protocol in ALPN", func(c *tls.Config) { c.NextProtos = []string{"h2", "garbage\x00\xff"} }, nil, false},
		{"another name in SNI", func(c *tls.Config) { c.ServerName = strings.Repeat("x.", 120) + "example" }, nil, false},
		{"octets one by one", func(*tls.Config) {}, func(c net.Conn) net.Conn { return octetwise{c} }, false},
		{"a record for each octet", func(*tls.Config) {}, nil, true},
		{"TLS 1.2", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, nil, true},
	} {
		t.Run(m.name, func(t *testing.T) {
			cfg := b.member(fmt.Sprint("odd", i))
			m.change(cfg)
			var c net.Conn = dialFrom(t, fmt.Sprintf("127.0.3.%d", i+1), b.inter)
			if m.wrap != nil {
				c = m.wrap(c)
			}
			s := tls.Client(c, cfg)
			say := bytes.Join([][]byte{saslHeader, sasl(&frame.SASLInit{Mechanism: "EXTERNAL"}), amqpHeader, amqp(0, &frame.Open{ContainerID: "odd"}, nil), amqp(0, &frame.Close{}, nil)}, nil)
			go func() {
				var err error
				if m.each {
					_, err = octetwise{s}.Write(say)
				} else {
					_, err = s.Write(say)
				}
				if err != nil {
					t.Error(err)
				}
			}()
			said, err := io.ReadAll(s)
			if err != nil || !bytes.Contains(said, []byte{0, 0x53, 0x18}) { // its close
				t.Errorf("it hears %q, %v", said, err)
			}
		})
	}
	b.over()
}

// TestPasswords has a host try passwords on connections by the thousand.
func TestPasswords(t *testing.T) {
	siege(t, 64, func(b *besieged) {
		var all sync.WaitGroup
		var tries atomic.Int64
		for range 8 {
			all.Go(func() {
				for range 250 {
					c := dialFrom(t, "127.0.0.8", b.plain)
					_, _ = c.Write(append(bytes.Clone(saslHeader), sasl(&frame.SASLInit{Mechanism: "PLAIN", InitialResponse: []byte("\x00guest\x00guest")})...))
					_, _ = io.Copy(io.Discard, c)
					_ = c.Close()
					tries.Add(1)
				}
			})
		}
		all.Wait()
		if n := strings.Count(b.a.Log(), "PLAIN is not offered"); n < 1 || n > 20 {
			t.Errorf("the log has %d lines about %d tries", n, tries.Load())
		}
	})
}

// TestCertificatesReplacedInAFlood replaces the certificates of both ends of a link, again and again, by new files and by ordinals, while a host begins
// handshakes as fast as it can: no flow notices.
func TestCertificatesReplacedInAFlood(t *testing.T) {
	siege(t, 100, func(b *besieged) {
		ctx, cancel := context.WithCancel(t.Context())
		hello := clientHello(t)
		var all sync.WaitGroup
		var n atomic.Int64
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}, Timeout: time.Second}
					c, err := d.DialContext(ctx, "tcp", b.inter)
					if err != nil {
						continue
					}
					_, _ = c.Write(hello)
					_, _ = io.ReadFull(c, make([]byte, 100))
					_ = c.Close()
					n.Add(1)
				}
			})
		}
		far := b.Node("B")
		for i := range 6 {
			b.a.Rotate(i+1, 0)
			b.beside.flows(2)
			far.Rotate(i+1, 0)
			b.beside.flows(2)
			far.Reissue()
		}
		routertest.Eventually(t, patience, func(ctx context.Context) error {
			got, err := far.Ordinals(ctx)
			if err == nil && got[6] == 0 {
				err = fmt.Errorf("B has connections of the ordinals %v", got)
			}
			return err
		})
		cancel()
		all.Wait()
		t.Logf("%d handshakes were begun meanwhile", n.Load())
	})
}

// TestKeyThatDoesNotFit replaces a certificate, but not its key: what there is goes on, new connections are made with the former one for a while, the log and
// the other end say why they are not after that, and they are again as soon as the files fit.
func TestKeyThatDoesNotFit(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b := m.Add("A", p), m.Add("B", p)
	m.Link("A", "B")
	m.Start()
	r := newTraffic(t)
	r.start(r.join(a, b, "x"), 2, 200_000, 200_000)
	r.flows(2)
	key := b.Config.SSLProfiles[0].PrivateKeyFile
	old, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	b.Reissue()
	fit, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(octets []byte) {
		if err := os.WriteFile(key+".new", octets, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(key+".new", key); err != nil {
			t.Fatal(err)
		}
	}
	replace(old)
	late := m.Add("LATE", p)
	m.Link("LATE", "B")
	late.Start() // with the former certificate, or not until the files fit
	routertest.Eventually(t, patience, func(context.Context) error {
		c, done, err := routertest.Dial(t.Context(), net.JoinHostPort("127.0.0.1", late.Config.Connectors[0].Port))
		if err == nil {
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Write(amqpHeader)
			_, _ = io.Copy(io.Discard, c)
			done()
		}
		if !strings.Contains(b.Log(), "private key does not match") {
			return fmt.Errorf("the log of B does not say that the key does not fit")
		}
		return nil
	})
	r.flows(2)
	r.unharmed()
	replace(fit)
	m.AwaitAll()
	r.report("well after the key did not fit")
	r.unharmed()
}
