package transport

import (
	"net"
	"os"
	"testing"
	"time"
)

// resumed makes a connection from one profile to another, and reports whether both ends resumed a session.
func resumed(t *testing.T, server, client *Profile) bool {
	t.Helper()
	cc, sc := configs(t, server, client, "s.example", true, true)
	d, a, err, serverErr := shake(t, cc, sc)
	if err != nil || serverErr != nil {
		t.Fatal(err, serverErr)
	}
	defer func() { _ = d.Close() }()
	defer func() { _ = a.Close() }()
	if _, err := a.conn.Write([]byte{1}); err != nil { // the session comes with what follows the handshake
		t.Fatal(err)
	}
	if err := a.raw.flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if a.TLS().PeerCertificates[0].Subject.CommonName != "c" || d.TLS().PeerCertificates[0].Subject.CommonName != "s" {
		t.Error("a peer has another name")
	}
	if d.TLS().DidResume != a.TLS().DidResume {
		t.Errorf("the client has resumed: %t, the server: %t", d.TLS().DidResume, a.TLS().DidResume)
	}
	return d.TLS().DidResume
}

// touch has a profile find its files changed.
func touch(t *testing.T, p *Profile) {
	t.Helper()
	at := time.Now().Add(time.Hour)
	if err := os.Chtimes(p.CertFile, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestResumption: connections with the same files resume sessions, also after the key of the sessions has changed once; connections with other files do not.
func TestResumption(t *testing.T) {
	ca := newAuthority(t, "ca")
	server, client := ca.issue("server", "s", []string{"s.example"}, net.IPv4(127, 0, 0, 1)), ca.issue("client", "c", nil)
	if resumed(t, server, client) {
		t.Error("the first connection resumes a session")
	}
	for range 2 {
		if !resumed(t, server, client) {
			t.Error("the session is not resumed")
		}
	}
	server.ticketed = server.ticketed.Add(-ticketLife - time.Second)
	if !resumed(t, server, client) || len(server.tickets) != 2 {
		t.Errorf("the session is not resumed with the key before, of %d", len(server.tickets))
	}
	server.ticketed = server.ticketed.Add(-ticketLife - time.Second)
	if resumed(t, server, client); len(server.tickets) != 2 {
		t.Errorf("there are %d keys", len(server.tickets))
	}
	touch(t, server)
	if resumed(t, server, client) {
		t.Error("the server resumes a session of other files")
	}
	if !resumed(t, server, client) {
		t.Error("the session of the new files is not resumed")
	}
	touch(t, client)
	if resumed(t, server, client) {
		t.Error("the client resumes a session of other files")
	}
}
