package transport

import (
	"crypto/tls"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

func configs(t *testing.T, server, client *Profile, host string, verify, demand bool) (c, s *tls.Config) {
	t.Helper()
	s, err := server.Server(demand)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = client.Client(host, verify); err != nil {
		t.Fatal(err)
	}
	return c, s
}

func TestServerNames(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	lo := net.IPv4(127, 0, 0, 1)
	client := ca.issue("client", "client", nil)
	for _, c := range []struct {
		name   string
		server *Profile
		host   string
		verify bool
		want   string // "" is accepted
	}{
		{"dns", ca.issue("dns", "x", []string{"a.example"}), "a.example", true, ""},
		{"wildcard", ca.issue("wild", "x", []string{"*.example"}), "b.example", true, ""},
		{"ip", ca.issue("ip", "x", nil, lo), "127.0.0.1", true, ""},
		{"ip-as-dns", ca.issue("ipdns", "x", []string{"127.0.0.1"}), "127.0.0.1", true, ""},
		{"only-common-name", ca.issue("cn", "a.example", nil), "a.example", true, ""},
		{"common-name-of-other-case", ca.issue("cnc", "A.Example", nil), "a.example", true, ""},
		{"wrong-dns", ca.issue("wdns", "x", []string{"b.example"}), "a.example", true, "not accepted"},
		{"wrong-ip", ca.issue("wip", "x", nil, net.IPv4(127, 0, 0, 2)), "127.0.0.1", true, "not accepted"},
		{"common-name-beside-other-dns", ca.issue("cnx", "a.example", []string{"b.example"}), "a.example", true, "not accepted"},
		{"wrong-common-name", ca.issue("wcn", "b.example", nil), "a.example", true, "not accepted"},
		{"unverified-name", ca.issue("any", "b.example", nil), "a.example", false, ""},
		{"wrong-authority", other.issue("oth", "a.example", []string{"a.example"}), "a.example", true, "not accepted"},
		{"wrong-authority-unverified-name", other.issue("oth2", "a.example", nil), "a.example", false, "not accepted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cc, sc := configs(t, c.server, client, c.host, c.verify, false)
			d, a, err, _ := shake(t, cc, sc)
			if c.want == "" && (err != nil || d.TLS() == nil || a.TLS() == nil) {
				t.Errorf("refused: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	server := ca.issue("server", "s", []string{"s.example"})
	nobody := &Profile{Name: "nobody", CAFile: server.CAFile}
	stranger := other.issue("stranger", "x", nil)
	stranger.CAFile = server.CAFile
	for _, c := range []struct {
		name   string
		client *Profile
		demand bool
		ok     bool
	}{
		{"member", ca.issue("member", "m", nil), true, true},
		{"nobody", nobody, true, false},
		{"stranger", stranger, true, false},
		{"nobody-asked", nobody, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cc, sc := configs(t, server, c.client, "s.example", true, c.demand)
			_, a, _, err := shake(t, cc, sc)
			if (err == nil) != c.ok {
				t.Fatalf("server: %v", err)
			}
			if c.ok && c.demand && a.TLS().PeerCertificates[0].Subject.CommonName != "m" {
				t.Error("the client has another name")
			}
		})
	}
}

// Renewed files are used by the next connection.
func TestReload(t *testing.T) {
	ca := newAuthority(t, "ca")
	p := ca.issue("server", "first", []string{"s.example"})
	name := func() string {
		cc, sc := configs(t, p, &Profile{CAFile: p.CAFile}, "s.example", true, false)
		d, _, err, _ := shake(t, cc, sc)
		if err != nil {
			t.Fatal(err)
		}
		return d.TLS().PeerCertificates[0].Subject.CommonName
	}
	if n := name(); n != "first" {
		t.Fatal(n)
	}
	ca.issue("server", "second", []string{"s.example"})
	for _, f := range []string{p.CertFile, p.KeyFile} { // file systems may keep coarse times
		at := time.Now().Add(time.Second)
		if err := os.Chtimes(f, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if n := name(); n != "second" {
		t.Error(n)
	}
	if err := os.WriteFile(p.KeyFile, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := name(); n != "second" { // the other half may come
		t.Error(n)
	}
	p.broken = time.Now().Add(-limits.ProfileGrace)
	if _, err := p.Server(false); err == nil || !strings.Contains(err.Error(), `sslProfile "server"`) {
		t.Errorf("a broken key: %v", err)
	}
}

// TestReloadOfTheSameTime: files that are put in the place of others are read again even if they are as old and as large.
func TestReloadOfTheSameTime(t *testing.T) {
	ca := newAuthority(t, "ca")
	p := ca.issue("server", "first", []string{"s.example"})
	at := time.Unix(1_000_000_000, 0)
	settle := func() {
		for _, f := range []string{p.CAFile, p.CertFile, p.KeyFile} {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, strings.Repeat("\n", 4096-len(b))...)
			if err := os.WriteFile(f+".new", b, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(f+".new", at, at); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(f+".new", f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []string{"first", "second", "third"} {
		ca.issue("server", want, []string{"s.example"})
		settle()
		cfg, err := p.Server(false)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Certificates[0].Leaf.Subject.CommonName; got != want {
			t.Errorf("the certificate is the %s one, want the %s", got, want)
		}
	}
}

func TestProfileFaults(t *testing.T) {
	ca := newAuthority(t, "ca")
	p := ca.issue("server", "s", nil)
	empty := ca.write("empty", "NOTHING", nil)
	for name, q := range map[string]*Profile{
		"missing-ca": {CAFile: "/nowhere"}, "missing-cert": {CertFile: "/nowhere"}, "empty-ca": {CAFile: empty}, "empty-cert": {CertFile: empty},
		"no-key": {CertFile: p.CertFile}, "nothing": {}, "no-client-ca": {CertFile: p.CertFile, KeyFile: p.KeyFile},
	} {
		if _, err := q.Server(true); err == nil {
			t.Errorf("%s: a server with it", name)
		}
		if _, err := q.Client("x", true); err == nil {
			t.Errorf("%s: a client with it", name)
		}
	}
}

// What is not TLS at all ends in time, and with an error.
func TestHandshakeOfStrangers(t *testing.T) {
	ca := newAuthority(t, "ca")
	sc, err := ca.issue("server", "s", nil).Server(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		say  string
		wait time.Duration
	}{
		{"plain-amqp", "AMQP\x00\x01\x00\x00", 2 * time.Second},
		{"garbage", strings.Repeat("\xff\x00", 4000), 2 * time.Second},
		{"silence", "", 100 * time.Millisecond},
		{"half-a-hello", "\x16\x03\x01\x02\x00\x01", 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, a := sockets(t)
			if _, err := d.Write([]byte(c.say)); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			err := NewSocket(a, sc, false).Handshake(t.Context(), begin.Add(c.wait))
			if err == nil || time.Since(begin) > c.wait+time.Second {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
		})
	}
}

func TestDialFaults(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	ca := newAuthority(t, "ca")
	cc, err := ca.issue("client", "c", nil).Client(host, true)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // a server that closes at once
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	if _, err := Dial(t.Context(), Target{Host: host, Port: port, TLS: cc}); err == nil || !strings.Contains(err.Error(), "tls handshake with "+ln.Addr().String()) {
		t.Errorf("%v", err)
	}
	_ = ln.Close()
	if _, err := Dial(t.Context(), Target{Host: host, Port: port}); err == nil {
		t.Error("dialled nobody")
	}
}
