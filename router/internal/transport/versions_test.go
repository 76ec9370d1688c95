package transport

import (
	"crypto/tls"
	"net"
	"testing"
)

// TestVersions: a profile speaks the versions of TLS that it has, and 1.2 and 1.3 if it has none.
func TestVersions(t *testing.T) {
	ca := newAuthority(t, "ca")
	for name, c := range map[string]struct{ server, client [2]uint16 }{
		"any":  {},
		"1.2":  {server: [2]uint16{0, tls.VersionTLS12}},
		"1.3":  {client: [2]uint16{tls.VersionTLS13, tls.VersionTLS13}},
		"none": {server: [2]uint16{0, tls.VersionTLS12}, client: [2]uint16{tls.VersionTLS13, 0}},
	} {
		server, client := ca.issue("server", "s", []string{"s.example"}, net.IPv4(127, 0, 0, 1)), ca.issue("client", "c", nil)
		server.Oldest, server.Newest, client.Oldest, client.Newest = c.server[0], c.server[1], c.client[0], c.client[1]
		cc, sc := configs(t, server, client, "s.example", true, true)
		d, a, err, serverErr := shake(t, cc, sc)
		want := map[string]uint16{"any": tls.VersionTLS13, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[name]
		if want == 0 {
			if err == nil && serverErr == nil {
				t.Errorf("%s: they agree on %x", name, d.TLS().Version)
			}
			continue
		}
		if err != nil || serverErr != nil {
			t.Fatal(name, err, serverErr)
		}
		if got := d.TLS().Version; got != want {
			t.Errorf("%s: they speak %x, want %x", name, got, want)
		}
		_, _ = d.Close(), a.Close()
	}
}
