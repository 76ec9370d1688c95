package router_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestHTTPWithTLS asks for the health of a router by TLS where its listener has a profile, with the certificate that is in the files at that time.
func TestHTTPWithTLS(t *testing.T) {
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	port := m.Port()
	a.Config.Listeners = append(a.Config.Listeners, config.Listener{Name: "@9090", Host: "127.0.0.1", Port: port, HTTP: true, SSLProfile: "mesh"})
	a.Start()
	ca, err := os.ReadFile(a.Config.SSLProfiles[0].CACertFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	get := func(scheme string) (body string, serial string, err error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort("127.0.0.1", port)+"/healthz", nil)
		if err != nil {
			return "", "", err
		}
		resp, err := c.Do(req)
		if err != nil {
			return "", "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if resp.TLS != nil {
			serial = fmt.Sprint(resp.TLS.PeerCertificates[0].SerialNumber)
		}
		return string(b), serial, err
	}
	body, first, err := get("https")
	if err != nil || body != "OK\n" {
		t.Errorf("health by TLS: %q, %v", body, err)
	}
	if body, _, err := get("http"); err == nil && body == "OK\n" {
		t.Error("health without TLS where that is configured")
	}
	a.Reissue()
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		_, now, err := get("https")
		if err == nil && now == first {
			err = fmt.Errorf("certificate %s is still shown", now)
		}
		return err
	})
	a.Must(func(ctx context.Context, c *manage.Client) error {
		for _, l := range []struct {
			attrs map[string]any
			want  string
		}{
			{map[string]any{"http": true, "sslProfile": "none"}, "no sslProfile none"}, {map[string]any{"role": "inter-edge"}, "role inter-edge is not supported"},
			{map[string]any{"failoverUrls": "http://x"}, "failoverUrls"},
		} {
			l.attrs["host"], l.attrs["port"] = "127.0.0.1", m.Port()
			if err := c.Create(ctx, "listener", "bad", l.attrs); err == nil || !strings.Contains(err.Error(), l.want) {
				t.Errorf("%v: got %v, want %q", l.attrs, err, l.want)
			}
		}
		return nil
	})
}
