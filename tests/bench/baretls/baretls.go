// Package baretls is the least that a tunnel in Go can be: one TLS connection for each flow, and nothing else. Routers are
// compared with it because what it costs is the price of Go, of TLS and of the kernel.
package baretls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// Relay is one end of the tunnel.
type Relay struct {
	Listen string // host:port to accept connections on
	To     string // host:port to connect to
	// Outgoing has TLS on the connections it makes, to a server called localhost; otherwise it is on those it accepts. Both
	// ends show a certificate.
	Outgoing      bool
	CA, Cert, Key string // files
}

// Run relays connections until ctx ends.
func (r Relay) Run(ctx context.Context) error {
	cfg, err := r.config()
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", r.Listen)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var flows sync.WaitGroup
	defer flows.Wait()
	for {
		c, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		flows.Go(func() { r.relay(ctx, c, cfg) })
	}
}

func (r Relay) config() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(r.Cert, r.Key)
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(r.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s has no certificate", r.CA)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool, ServerName: "localhost",
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	}, nil
}

// halfCloser is a connection whose directions end one by one: a TCP or a TLS connection.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

var (
	_ halfCloser = (*net.TCPConn)(nil)
	_ halfCloser = (*tls.Conn)(nil)
)

// relay carries one flow to its end.
func (r Relay) relay(ctx context.Context, accepted net.Conn, cfg *tls.Config) {
	defer func() { _ = accepted.Close() }()
	var d net.Dialer
	dialled, err := d.DialContext(ctx, "tcp", r.To)
	if err != nil {
		return
	}
	defer func() { _ = dialled.Close() }()
	if r.Outgoing {
		dialled = tls.Client(dialled, cfg)
	} else {
		accepted = tls.Server(accepted, cfg)
	}
	in, ok := accepted.(halfCloser)
	out, ok2 := dialled.(halfCloser)
	if !ok || !ok2 {
		return
	}
	stop := context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { carry(out, in) })
	both.Go(func() { carry(in, out) })
	both.Wait()
}

// carry copies one direction. What ends in an error ends for both.
func carry(dst, src halfCloser) {
	_, err := io.Copy(dst, src)
	if err = errors.Join(err, dst.CloseWrite()); err != nil {
		_, _ = dst.Close(), src.Close()
	}
}
