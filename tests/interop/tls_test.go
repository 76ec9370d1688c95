package interop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
)

// tlsService greets with what TLS has agreed on, and gives back what it gets. It returns its port.
func tlsService(t *testing.T, host string, cfg *tls.Config) string {
	t.Helper()
	ln, err := tls.Listen("tcp", net.JoinHostPort(host, "0"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				tc, _ := c.(*tls.Conn)
				if tc.Handshake() != nil {
					return
				}
				st, client := tc.ConnectionState(), "nobody"
				if len(st.PeerCertificates) > 0 {
					client = st.PeerCertificates[0].Subject.CommonName
				}
				_, _ = fmt.Fprintf(c, "%q of %s\n", st.NegotiatedProtocol, client)
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// talk has a client greet the service behind a listener, which sends size octets back to it.
func talk(ctx context.Context, addr string, cfg *tls.Config, size int) (alpn, greeting string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	d := tls.Dialer{Config: cfg}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", "", err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	in := bufio.NewReader(c)
	if greeting, err = in.ReadString('\n'); err != nil {
		return "", "", err
	}
	sent, got := make([]byte, size), make([]byte, size)
	_, _ = rand.Read(sent)
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		written <- err
	}()
	_, err = io.ReadFull(in, got)
	if err = errors.Join(err, <-written); err == nil && !bytes.Equal(sent, got) {
		err = errors.New("what came back is not what was sent")
	}
	tc, _ := c.(*tls.Conn)
	return tc.ConnectionState().NegotiatedProtocol, greeting, err
}

// TestTLSOfServices has TLS between clients and a listener of one make, and between a connector of the other and servers: certificates of clients, protocols of
// applications, names of servers.
func TestTLSOfServices(t *testing.T) {
	for _, oursListens := range []bool{true, false} {
		t.Run(fmt.Sprintf("ours listens=%t", oursListens), func(t *testing.T) {
			m, real, ours := mesh(t)
			r, o := m.Add("REAL", real), m.Add("OURS", ours)
			m.Link("OURS", "REAL")
			m.Start()
			in, out := r, o
			if oursListens {
				in, out = o, r
			}
			files := in.Config.SSLProfiles[0]
			cert, err := tls.LoadX509KeyPair(files.CertFile, files.PrivateKeyFile)
			if err != nil {
				t.Fatal(err)
			}
			ca, err := os.ReadFile(files.CACertFile)
			if err != nil {
				t.Fatal(err)
			}
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(ca)
			server := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven, NextProtos: []string{"h2", "http/1.1"}}
			client := func(with bool, protocols ...string) *tls.Config {
				c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, NextProtos: protocols}
				if with {
					c.Certificates = []tls.Certificate{cert}
				}
				return c
			}
			listen := func(address, host string, verify bool) (addr string) {
				port := m.Port()
				in.Must(func(ctx context.Context, c *manage.Client) error {
					return c.Create(ctx, "tcpListener", "in-"+address, map[string]any{"host": "127.0.0.1", "port": port, "address": address, "sslProfile": "mesh", "authenticatePeer": true})
				})
				to := tlsService(t, host, server)
				out.Must(func(ctx context.Context, c *manage.Client) error {
					return c.Create(ctx, "tcpConnector", "out-"+address, map[string]any{"host": host, "port": to, "address": address, "sslProfile": "mesh", "verifyHostname": verify})
				})
				in.AwaitListener("in-"+address, true)
				return net.JoinHostPort("127.0.0.1", port)
			}
			addr := listen("named", "127.0.0.1", true)
			for _, c := range []struct {
				offer []string
				want  string
			}{{[]string{"h2", "http/1.1"}, "http/1.1"}, {[]string{"h2"}, "h2"}, {nil, ""}} {
				alpn, greeting, err := talk(t.Context(), addr, client(true, c.offer...), 2<<20)
				want := fmt.Sprintf("%q of ", c.want)
				if err != nil || alpn != c.want || len(greeting) < len(want) || greeting[:len(want)] != want {
					t.Errorf("offered %q: the client has %q, the server says %s, %v", c.offer, alpn, greeting, err)
				}
				if out == o && greeting != want+"OURS\n" {
					t.Errorf("the connector did not show its certificate: %s", greeting)
				}
			}
			if _, greeting, err := talk(t.Context(), addr, client(false), 1); err == nil {
				t.Errorf("a client without a certificate got through: %s", greeting)
			}
			if _, greeting, err := talk(t.Context(), listen("unnamed", "127.0.0.2", true), client(true), 1); err == nil {
				t.Errorf("a server whose certificate has another name was taken: %s", greeting)
			}
			if _, _, err := talk(t.Context(), listen("whoever", "127.0.0.2", false), client(true), 1<<20); err != nil {
				t.Errorf("a server whose name does not matter: %v", err)
			}
		})
	}
}
