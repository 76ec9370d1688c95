package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// podConfig is what the controller of another make writes for a pod, but for ports and paths.
const podConfig = `[
    ["router", {"id": "west-${HOSTNAME}", "mode": "interior", "helloMaxAgeSeconds": "3", "metadata": "{\"id\":\"6f0c\",\"version\":\"2.1.0\",\"platform\":\"kubernetes\"}"}],
    ["address", {"prefix": "mc", "distribution": "multicast"}],
    ["sslProfile", {"name": "skupper-local-server", "certFile": "DIR/tls.crt", "privateKeyFile": "DIR/tls.key", "caCertFile": "DIR/ca.crt", "ordinal": 0, "oldestValidOrdinal": 0}],
    ["sslProfile", {"name": "backend-profile", "caCertFile": "DIR/ca.crt"}],
    ["listener", {"name": "@9090", "role": "normal", "port": PORT0, "http": true, "httpRootDir": "disabled", "websockets": false, "healthz": true, "metrics": true}],
    ["listener", {"name": "amqp", "host": "localhost", "port": PORT1}],
    ["listener", {"name": "amqps", "port": PORT2, "sslProfile": "skupper-local-server", "saslMechanisms": "EXTERNAL", "authenticatePeer": true}],
    ["listener", {"name": "skupper-router-inter-router", "role": "inter-router", "port": PORT3, "sslProfile": "skupper-local-server", "saslMechanisms": "EXTERNAL", "authenticatePeer": true}],
    ["listener", {"name": "skupper-router-edge", "role": "edge", "port": PORT4, "sslProfile": "skupper-local-server", "saslMechanisms": "EXTERNAL", "authenticatePeer": true}],
    ["connector", {"name": "east", "role": "inter-router", "host": "localhost", "port": "1", "cost": 1, "sslProfile": "skupper-local-server"}],
    ["tcpListener", {"name": "listener/backend", "port": "PORT5", "address": "backend", "siteId": "6f0c"}],
    ["tcpConnector", {"name": "connector/backend@10.0.0.1", "host": "10.0.0.1", "port": "8080", "address": "backend", "siteId": "6f0c", "processId": "p"}],
    ["log", {"module": "ROUTER_CORE", "enable": "error+"}]
]`

// pod is the program as a container runs it.
type pod struct {
	ports  []string
	log    *locked
	client *tls.Config // of the adaptor
}

// locked is a buffer that several goroutines use.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startPod runs the program with the environment of a container until the test ends. inline has the variable hold the configuration itself.
func startPod(t *testing.T, inline bool) *pod {
	t.Helper()
	m := routertest.New(t)
	made := m.Add("certificates", routertest.Engine{}).Config.SSLProfiles[0]
	dir := t.TempDir()
	for from, to := range map[string]string{made.CACertFile: "ca.crt", made.CertFile: "tls.crt", made.PrivateKeyFile: "tls.key"} {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p := &pod{log: &locked{}}
	text := strings.ReplaceAll(podConfig, "DIR", dir)
	for i := range 6 {
		p.ports = append(p.ports, m.Port())
		text = strings.ReplaceAll(text, fmt.Sprint("PORT", i), p.ports[i])
	}
	pair, err := tls.LoadX509KeyPair(made.CertFile, made.PrivateKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(made.CACertFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	p.client = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	t.Setenv("HOSTNAME", "skupper-router-7d9f-abcde")
	t.Setenv("SKUPPER_SITE_ID", "6f0c")
	t.Setenv("QDROUTERD_CONF_TYPE", "json")
	t.Setenv("QDROUTERD_CONF", text)
	if !inline {
		t.Setenv("QDROUTERD_CONF", write(t, text))
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	var stderr locked
	go func() { done <- run(ctx, nil, p.log, &stderr) }()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 || stderr.String() != "" {
			t.Errorf("exit code %d: %s", code, &stderr)
		}
		if !strings.Contains(p.log.String(), "router stopped") {
			t.Error("the log on stdout does not tell of the end")
		}
		for _, port := range p.ports {
			if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
				_ = c.Close()
				t.Errorf("port %s is open after the end", port)
			}
		}
	})
	return p
}

func (p *pod) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		res, err := c.Get("http://127.0.0.1:" + p.ports[0] + path) // the client has a time limit
		if err != nil {
			return err
		}
		defer res.Body.Close() // only read
		b, err := io.ReadAll(res.Body)
		status, body = res.StatusCode, string(b)
		return err
	})
	return status, body
}

// TestPod: what a pod's probes, adaptor and scrapers ask.
func TestPod(t *testing.T) {
	for _, inline := range []bool{false, true} {
		t.Run(fmt.Sprint("inline=", inline), func(t *testing.T) {
			p := startPod(t, inline)
			if code, body := p.get(t, "/healthz"); code != http.StatusOK || body != "OK\n" {
				t.Errorf("/healthz: %d, %q", code, body)
			}
			for name, o := range map[string]manage.Options{
				"plain": {URL: "amqp://localhost:" + p.ports[1]},
				"tls":   {URL: "amqps://localhost:" + p.ports[2], TLS: p.client},
			} {
				c, err := manage.Dial(t.Context(), o)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				rs, err := c.Routers(t.Context())
				if err != nil || len(rs) != 1 || rs[0].ID != "west-skupper-router-7d9f-abcde" {
					t.Errorf("%s: %+v, %v", name, rs, err)
				}
				ls, err := c.Listeners(t.Context())
				if err != nil || len(ls) != 5 {
					t.Errorf("%s: %d listeners, %v", name, len(ls), err)
				}
				c.Close() // it was only read from
			}
			stranger := p.client.Clone()
			stranger.Certificates = nil
			if c, err := manage.Dial(t.Context(), manage.Options{URL: "amqps://localhost:" + p.ports[2], TLS: stranger}); err == nil {
				c.Close() // it should not be there
				t.Error("a client without a certificate was let in")
			}
			for _, line := range strings.Split(strings.TrimSpace(p.log.String()), "\n") {
				if !json.Valid([]byte(line)) {
					t.Errorf("log line %q", line)
				}
			}
		})
	}
}

// sample is a line of the Prometheus text format.
var sample = regexp.MustCompile(`^([a-z0-9_]+)(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? [0-9.]+$`)

func TestMetrics(t *testing.T) {
	p := startPod(t, false)
	code, body := p.get(t, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, body)
	}
	typed := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		if f := strings.Fields(line); len(f) == 4 && f[1] == "TYPE" {
			if typed[f[2]] {
				t.Errorf("there is more than one type of %s", f[2])
			}
			typed[f[2]] = true
		} else if m := sample.FindStringSubmatch(line); !strings.HasPrefix(line, "# HELP") && (m == nil || !typed[m[1]]) {
			t.Errorf("line %q", line)
		}
	}
	for _, want := range []string{
		"qdr_connections_total", "qdr_links_total", "qdr_addresses_total", "qdr_routers_total 1\n", "qdr_accepted_deliveries_total", "qdr_router_rss_bytes", "qdr_router_vmsize_bytes", "qdr_deliveries_delayed_10sec_total", "qdr_links_blocked_total", "go_goroutines ", "skupper_router_buffers ",
		`skupper_router_info{id="west-skupper-router-7d9f-abcde",mode="interior",`, `skupper_router_link_up{name="east",role="inter-router"} 0`,
		`skupper_router_certificate_not_after_seconds{profile="skupper-local-server"}`,
		`skupper_router_tcp_connections_open{type="listener",name="listener/backend",address="backend"} 0`,
		`skupper_router_tcp_connections_total{type="connector",name="connector/backend@10.0.0.1",address="backend"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in\n%s", want, body)
		}
	}
	if code, _ := p.get(t, "/"); code != http.StatusNotFound {
		t.Errorf("/: %d", code)
	}
}

func TestConfVariables(t *testing.T) {
	for _, tt := range []struct{ conf, kind, want string }{
		{"/none/skrouterd.json", "json", "/none/skrouterd.json"},
		{"[]", "json", "there is none"},
		{"[", "", "QDROUTERD_CONF"},
		{"/etc/skrouterd.conf", "conf", "reads json only"},
	} {
		t.Setenv("QDROUTERD_CONF", tt.conf)
		t.Setenv("QDROUTERD_CONF_TYPE", tt.kind)
		var stderr bytes.Buffer
		if code := run(t.Context(), nil, io.Discard, &stderr); code != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q of type %q: %d, %q, want %q", tt.conf, tt.kind, code, &stderr, tt.want)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	for _, tt := range []struct {
		file, text string
		want       int64
	}{
		{"memory.max", "max\n", 0},
		{"memory.max", "1000\n", 900},
		{"memory.max", "", 0},
		{"memory/memory.limit_in_bytes", "2000\n", 1800},
		{"memory/memory.limit_in_bytes", "9223372036854771712\n", 0},
		{"other", "1000", 0},
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "memory"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memoryLimit(dir); got != tt.want {
			t.Errorf("%s %q: got %d, want %d", tt.file, tt.text, got, tt.want)
		}
	}
}
