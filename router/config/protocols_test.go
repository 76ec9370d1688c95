package config

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestTLSVersions(t *testing.T) {
	for text, want := range map[string][2]uint16{
		"":                              {tls.VersionTLS12, tls.VersionTLS13},
		"TLSv1.3":                       {tls.VersionTLS13, tls.VersionTLS13},
		"TLSv1.2":                       {tls.VersionTLS12, tls.VersionTLS12},
		"TLSv1.3 TLSv1.2":               {tls.VersionTLS12, tls.VersionTLS13},
		" TLSv1  TLSv1.1 TLSv1.2 ":      {tls.VersionTLS12, tls.VersionTLS12},
		"TLSv1 TLSv1.1 TLSv1.2 TLSv1.3": {tls.VersionTLS12, tls.VersionTLS13},
	} {
		oldest, newest, err := SSLProfile{Protocols: text}.TLSVersions()
		if err != nil || oldest != want[0] || newest != want[1] {
			t.Errorf("%q: %x to %x, %v; want %x", text, oldest, newest, err, want)
		}
	}
	for text, says := range map[string]string{"TLSv1 TLSv1.1": "neither", "SSLv3": `"SSLv3"`, "TLSv1.2,TLSv1.3": "want TLSv1.2 or TLSv1.3"} {
		c := Config{Router: Router{ID: "r", Mode: "interior"}, SSLProfiles: []SSLProfile{{Name: "p", Protocols: text}}}
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), `sslProfile "p": protocols has`) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWithoutEffect(t *testing.T) {
	if got := (SSLProfile{Name: "p", CACertFile: "x", Protocols: "TLSv1.3"}).WithoutEffect(); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if got := (SSLProfile{UIDFormat: "n", Ciphers: "HIGH"}).WithoutEffect(); !slices.Equal(got, []string{"ciphers", "uidFormat"}) {
		t.Errorf("%q", got)
	}
}
