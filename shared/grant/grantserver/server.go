// Package grantserver is the HTTPS server at which other sites redeem tokens. It speaks the protocol of Skupper's
// grant server, so that any claimant can use it, and two additions that others pass over: the header skupper-cause of a
// refusal, and certificate requests in the header skupper-csr.
package grantserver

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
)

// Options of a server. The zero value is usable.
type Options struct {
	Log zerolog.Logger // nothing secret is logged

	// ByKey has grants be found by NAMESPACE/NAME as well, for tokens written by hand. The code is needed all the same.
	ByKey bool

	MaxConns        int // connections at once; 0 means DefaultMaxConns
	MaxConnsPerAddr int // of one address; 0 means DefaultMaxConnsPerAddr, less: no limit of its own
}

// Server redeems tokens. Make one with New; give it a certificate before, or while, it serves.
type Server struct {
	grants Grants
	issuer Issuer
	opts   Options
	log    zerolog.Logger

	book    grant.Book
	guesses guesses
	cert    atomic.Pointer[tls.Certificate]
}

// New makes a server.
func New(grants Grants, issuer Issuer, opts Options) *Server {
	if opts.MaxConns <= 0 {
		opts.MaxConns = DefaultMaxConns
	}
	if opts.MaxConnsPerAddr == 0 {
		opts.MaxConnsPerAddr = DefaultMaxConnsPerAddr
	}
	return &Server{grants: grants, issuer: issuer, opts: opts, log: opts.Log}
}

// SetCertificate sets the server's certificate and key, from the next connection on.
func (s *Server) SetCertificate(p pki.Pair) error {
	cert, err := p.TLS()
	if err != nil {
		return err
	}
	if cert.PrivateKey == nil {
		return errors.New("the grant server's certificate has no key")
	}
	s.cert.Store(&cert)
	return nil
}

// Serve answers on ln until ctx ends, and then completes what is under way, within ten seconds. It closes ln. The
// error is nil after ctx ended.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, ctx.Done()) }),
		TLSConfig:         s.tlsConfig(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:          log.New(noise{s.log}, "", 0),
	}
	done := make(chan error, 1)
	go func() { done <- srv.ServeTLS(bound(ln, s.opts.MaxConns, s.opts.MaxConnsPerAddr), "", "") }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancelLast()
	err := srv.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (s *Server) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := s.cert.Load(); c != nil {
				return c, nil
			}
			return nil, errors.New("the grant server has no certificate yet")
		},
	}
}

// pause lets a wrong guess wait, even if its sender has gone: else hanging up would make the next one free.
func pause(d time.Duration, stopping <-chan struct{}) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stopping:
	}
}

// noise takes what net/http has to say of broken connections: anybody can cause those.
type noise struct{ log zerolog.Logger }

func (n noise) Write(p []byte) (int, error) {
	n.log.Debug().Str("detail", string(p[:min(len(p), 512)])).Msg("grant-server.connection")
	return len(p), nil
}
