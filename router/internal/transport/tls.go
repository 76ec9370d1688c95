package transport

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Profile is the TLS material of a connection, as files: they are read again when they change, so that the next connection uses renewed
// certificates.
type Profile struct {
	Name     string
	CAFile   string
	CertFile string
	KeyFile  string
	// Oldest and Newest are the versions of TLS that are spoken, as crypto/tls numbers them; 0 means 1.2 and 1.3.
	Oldest, Newest uint16

	mu     sync.Mutex
	stamps [3]stamp
	pool   *x509.CertPool
	cert   *tls.Certificate
	broken time.Time // since when the files are no profile; zero while they are
	// What lets connections be resumed that were made with these files: none survives them.
	tickets  [][32]byte // the newest first
	ticketed time.Time  // when that was made
	sessions tls.ClientSessionCache
}

// Sessions that may be resumed.
const (
	ticketLife  = 12 * time.Hour // after which sessions are encrypted with a new key; with the old one they are read that long
	sessionsFor = 64             // servers
)

// stamp tells one state of a file from another; nil is no file.
type stamp struct{ os.FileInfo }

// same reports that a file is what it was. Its time alone does not tell: files of an image, or that were unpacked, may all have the same.
func (s stamp) same(o stamp) bool {
	if s.FileInfo == nil || o.FileInfo == nil {
		return s.FileInfo == nil && o.FileInfo == nil
	}
	return os.SameFile(s.FileInfo, o.FileInfo) && s.ModTime().Equal(o.ModTime()) && s.Size() == o.Size()
}

// NotAfter is when the certificate in use expires; zero when there is none.
func (p *Profile) NotAfter() time.Time {
	_, cert, err := p.load()
	if err != nil || cert == nil || cert.Leaf == nil {
		return time.Time{}
	}
	return cert.Leaf.NotAfter
}

// load reads the files if they have changed. Files are replaced one after the other, so for a moment they may not fit together: what was read before is
// used then.
func (p *Profile) load() (*x509.CertPool, *tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pool, cert, err := p.read()
	switch {
	case err == nil:
		p.broken = time.Time{}
	case p.pool == nil && p.cert == nil:
	case p.broken.IsZero():
		p.broken = time.Now()
		fallthrough
	case time.Since(p.broken) < limits.ProfileGrace:
		return p.pool, p.cert, nil
	}
	return pool, cert, err
}

// read is load without patience. p.mu is held.
func (p *Profile) read() (*x509.CertPool, *tls.Certificate, error) {
	var now [3]stamp
	for i, f := range []string{p.CAFile, p.CertFile, p.KeyFile} {
		if f == "" {
			continue
		}
		st, err := os.Stat(f)
		if err != nil {
			return nil, nil, fmt.Errorf("sslProfile %q: %w", p.Name, err)
		}
		now[i] = stamp{st}
	}
	if slices.EqualFunc(now[:], p.stamps[:], stamp.same) && (p.pool != nil || p.cert != nil) {
		return p.pool, p.cert, nil
	}
	var pool *x509.CertPool
	var cert *tls.Certificate
	if p.CAFile != "" {
		pem, err := os.ReadFile(p.CAFile)
		if err != nil {
			return nil, nil, fmt.Errorf("sslProfile %q: %w", p.Name, err)
		}
		pool = x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, nil, fmt.Errorf("sslProfile %q: %s holds no certificate", p.Name, p.CAFile)
		}
	}
	if p.CertFile != "" {
		key := p.KeyFile
		if key == "" {
			key = p.CertFile
		}
		c, err := tls.LoadX509KeyPair(p.CertFile, key)
		if err != nil {
			return nil, nil, fmt.Errorf("sslProfile %q: %w", p.Name, err)
		}
		cert = &c
	}
	p.stamps, p.pool, p.cert = now, pool, cert
	p.tickets, p.sessions = nil, tls.NewLRUClientSessionCache(sessionsFor)
	return pool, cert, nil
}

// ticketKeys are what sessions of clients are encrypted with. Without them each connection's configuration would have keys of its own, and a session would be
// resumed by nobody.
func (p *Profile) ticketKeys(now time.Time) [][32]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tickets) == 0 || now.Sub(p.ticketed) > ticketLife {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails
		p.tickets, p.ticketed = append([][32]byte{key}, p.tickets[:min(len(p.tickets), 1)]...), now
	}
	return p.tickets
}

// Server is the configuration of an accepting side. demand asks for a client certificate that the profile's CA signed.
func (p *Profile) Server(demand bool) (*tls.Config, error) {
	pool, cert, err := p.load()
	if err != nil {
		return nil, err
	}
	if cert == nil {
		return nil, fmt.Errorf("sslProfile %q has no certificate to show", p.Name)
	}
	cfg := &tls.Config{MinVersion: max(p.Oldest, tls.VersionTLS12), MaxVersion: p.Newest, Certificates: []tls.Certificate{*cert}, DynamicRecordSizingDisabled: true}
	cfg.SetSessionTicketKeys(p.ticketKeys(time.Now()))
	if demand {
		if pool == nil {
			return nil, fmt.Errorf("sslProfile %q has no CA to check clients with", p.Name)
		}
		cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, pool
	}
	return cfg, nil
}

// Client is the configuration of a dialling side. The chain is always verified; the name when verifyHost is set.
func (p *Profile) Client(host string, verifyHost bool) (*tls.Config, error) {
	pool, cert, err := p.load()
	if err != nil {
		return nil, err
	}
	if pool == nil {
		return nil, fmt.Errorf("sslProfile %q has no CA to check servers with", p.Name)
	}
	cfg := &tls.Config{
		MinVersion: max(p.Oldest, tls.VersionTLS12), MaxVersion: p.Newest, RootCAs: pool, DynamicRecordSizingDisabled: true,
		// Other routers match names in more ways than crypto/tls does, so VerifyConnection does the whole check.
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below verifies chain and name
		VerifyConnection:   func(st tls.ConnectionState) error { return verifyServer(st, pool, host, verifyHost) },
	}
	p.mu.Lock()
	cfg.ClientSessionCache = p.sessions // VerifyConnection checks what is resumed as well
	p.mu.Unlock()
	if net.ParseIP(host) == nil {
		cfg.ServerName = host // SNI takes no addresses (RFC 6066 3)
	}
	if cert != nil {
		cfg.Certificates = []tls.Certificate{*cert}
	}
	return cfg, nil
}

// verifyServer checks the chain and then the name: IP and DNS SANs, a DNS SAN that spells an address, and, only for a certificate without
// SANs, the common name. The last two are what certificates of other implementations need.
func verifyServer(st tls.ConnectionState, roots *x509.CertPool, host string, verifyHost bool) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	leaf := st.PeerCertificates[0]
	inter := x509.NewCertPool()
	for _, c := range st.PeerCertificates[1:] {
		inter.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
		return fmt.Errorf("the server's certificate is not accepted: %w", err)
	}
	if !verifyHost {
		return nil
	}
	err := leaf.VerifyHostname(host)
	if err == nil || slices.Contains(leaf.DNSNames, host) {
		return nil
	}
	if len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0 && strings.EqualFold(leaf.Subject.CommonName, host) {
		return nil
	}
	return fmt.Errorf("the server's certificate is not accepted: %w", err)
}
