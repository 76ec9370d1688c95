package adaptor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/routertest"
	"github.com/skupper-plugins/suite/shared/pki"
)

func bridge(name, port, address string) string {
	return fmt.Sprintf(`["tcpListener",{"name":"listener/%s","host":"127.0.0.1","port":"%s","address":"%s","siteId":"uid"}]`, name, port, address)
}

// TestSync follows the configuration of a router that runs.
func TestSync(t *testing.T) {
	p := ready(t)
	local := p.profile("skupper-local-server", 0)
	one, two, inter := freePort(t), freePort(t), freePort(t)
	p.setConfig(p.config(local, bridge("a", one, "a")))
	p.await(has(map[string][]string{"tcpListener": {"listener/a"}}))
	p.setConfig(p.config(local, bridge("a", one, "b"), bridge("b", two, "b"), `["tcpConnector",{"name":"connector/c@10.0.0.1","host":"10.0.0.1","port":"80","address":"a","processId":"u"}]`))
	p.await(has(map[string][]string{"tcpListener": {"listener/a", "listener/b"}, "tcpConnector": {"connector/c@10.0.0.1"}}))
	p.await(func(live *config.Config) error {
		if live.TCPListeners[0].Address != "b" {
			return fmt.Errorf("%s leads to %s", live.TCPListeners[0].Name, live.TCPListeners[0].Address)
		}
		return nil
	})

	p.setSecret("skupper-site-server", 0, "skupper-site-server", "skupper-site-server-profile")
	p.setConfig(p.config(local, p.profile("skupper-site-server", 0),
		`["listener",{"name":"skupper-router-inter-router","role":"inter-router","host":"127.0.0.1","port":`+inter+`,"sslProfile":"skupper-site-server","saslMechanisms":"EXTERNAL","authenticatePeer":true}]`,
		`["connector",{"name":"east","role":"inter-router","host":"127.0.0.1","port":"1","cost":2,"sslProfile":"skupper-site-server"}]`))
	p.await(has(map[string][]string{"tcpListener": nil, "tcpConnector": nil, "listener": {"skupper-router-inter-router"}, "connector": {"east"}, "sslProfile": {"skupper-local-server", "skupper-site-server"}}))

	p.setConfig(p.config(local))
	p.await(has(map[string][]string{"listener": nil, "connector": nil, "sslProfile": {"skupper-local-server"}}))
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		if _, err := os.Stat(filepath.Join(p.ConfigDir, "skupper-site-server")); err == nil {
			return errors.New("the certificate that nobody uses is still there")
		}
		text, err := os.ReadFile(filepath.Join(p.ConfigDir, names.ConfigKey))
		if err == nil && strings.Contains(string(text), "skupper-site-server") {
			err = errors.New("the file is not that of the last configuration")
		}
		return err
	})
}

// shown is the certificate that a TLS listener shows to whoever comes.
func shown(ctx context.Context, address string) (*x509.Certificate, error) {
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}} //nolint:gosec // which it is, is the question
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

func certificate(t *testing.T, p pki.Pair) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(p.Cert)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRotate replaces a certificate while the router runs: the router shows the new one, and keeps running.
func TestRotate(t *testing.T) {
	p := ready(t)
	port := freePort(t)
	set := func(ordinal int) {
		p.setConfig(p.config(p.profile("skupper-local-server", 0), p.profile("s", ordinal),
			`["listener",{"name":"skupper-router-inter-router","role":"inter-router","host":"127.0.0.1","port":`+port+`,"sslProfile":"s","saslMechanisms":"EXTERNAL","authenticatePeer":true}]`))
	}
	await := func(ordinal int, pair pki.Pair) {
		t.Helper()
		want := certificate(t, pair)
		p.await(func(live *config.Config) error {
			for _, profile := range live.SSLProfiles {
				if profile.Name == "s" && profile.Ordinal != ordinal {
					return fmt.Errorf("the ordinal is %d, want %d", profile.Ordinal, ordinal)
				}
			}
			got, err := shown(t.Context(), "127.0.0.1:"+port)
			if err == nil && !got.Equal(want) {
				err = errors.New("another certificate is shown")
			}
			return err
		})
	}
	pair := p.setSecret("s", 1, "s", "s-profile")
	set(1)
	await(1, pair)
	pair = p.setSecret("s", 2, "s", "s-profile") // first the Secret
	set(2)
	await(2, pair)
	set(3) // first the configuration
	p.awaitLog("secret s has ordinal 2, the configuration wants 3")
	await(2, pair)
	next := p.setSecret("s", 3, "s", "s-profile")
	await(3, next)
	p.setSecret("s", 1, "s", "s-profile") // an old one comes back
	set(1)
	p.awaitLog("which is older than what the router has")
	await(3, next)
}

// TestWaitsForCredentials applies what it can, and the rest when its Secret comes.
func TestWaitsForCredentials(t *testing.T) {
	p := ready(t)
	p.setConfig(p.config(p.profile("skupper-local-server", 0), p.profile("late-profile", 4), bridge("a", freePort(t), "a"),
		`["connector",{"name":"east","role":"inter-router","host":"127.0.0.1","port":"1","sslProfile":"late-profile"}]`))
	p.await(has(map[string][]string{"tcpListener": {"listener/a"}, "connector": nil}))
	p.awaitLog("TLS profile late-profile: there is no secret for it")
	p.setSecret("late", 3, "late", "late-profile")
	p.awaitLog("secret late has ordinal 3, the configuration wants 4")
	p.setSecret("late", 4, "late", "late-profile")
	p.await(has(map[string][]string{"connector": {"east"}}))
	p.awaitLog("adaptor.credentials.fine")
}

// TestRouterRestarts finds the router that comes back as it has to be, whatever its container started with.
func TestRouterRestarts(t *testing.T) {
	p := ready(t)
	file := filepath.Join(p.ConfigDir, names.ConfigKey)
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p.setConfig(p.config(p.profile("skupper-local-server", 0), bridge("a", freePort(t), "a")))
	p.await(has(map[string][]string{"tcpListener": {"listener/a"}}))
	if err := p.running.Kill(); err != nil {
		t.Fatal(err)
	}
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		w := httptest.NewRecorder()
		p.health.ServeHTTP(w, nil)
		if w.Code != 500 || w.Body.Len() < 5 {
			return fmt.Errorf("health is %d %q", w.Code, w.Body)
		}
		return nil
	})
	if text, err := os.ReadFile(file); err != nil || string(text) == string(first) {
		t.Errorf("the file is not that of the last configuration (%v)", err)
	}
	if err := os.WriteFile(file, first, 0o644); err != nil { // as if it had been written once only
		t.Fatal(err)
	}
	p.boot()
	p.await(has(map[string][]string{"tcpListener": {"listener/a"}}))
	routertest.Eventually(t, 10*time.Second, func(context.Context) error { return p.health.get() })
}

// TestGarbage keeps the router as it is while the configuration cannot be read.
func TestGarbage(t *testing.T) {
	p := ready(t)
	local := p.profile("skupper-local-server", 0)
	p.setConfig(p.config(local, bridge("a", freePort(t), "a")))
	p.await(has(map[string][]string{"tcpListener": {"listener/a"}}))
	for _, garbage := range []struct{ text, fault string }{
		{"", "configuration is empty"},
		{"null", "configuration is not an array"},
		{`[["router"]]`, "configuration: entity 1: want [type, {attributes}]"},
		{`[]`, "there is no router with an id in it"},
		{`[["tcpListener",{"name":"x","port":{}}]]`, "configuration: tcpListener"},
		{strings.Repeat("[", 100), "configuration is nested deeper"},
	} {
		p.setConfig(garbage.text)
		p.awaitLog("configmap skupper-router: " + garbage.fault)
	}
	p.configs.replace(map[string]string{})
	p.awaitLog("there is no configmap skupper-router")
	routertest.Eventually(t, 15*time.Second, func(context.Context) error { return p.health.get() }) // the router is fine
	p.await(has(map[string][]string{"tcpListener": {"listener/a"}}))
	// What the router refuses does not keep the rest from it.
	p.setConfig(p.config(local, bridge("b", freePort(t), "b"), `["tcpConnector",{"name":"connector/y","host":"10.0.0.1","port":"80","address":"y","sslProfile":"nowhere"}]`))
	p.await(func(live *config.Config) error {
		for _, l := range live.TCPListeners {
			if l.Name == "listener/b" {
				return nil
			}
		}
		return fmt.Errorf("listeners are %+v", live.TCPListeners)
	})
	p.setConfig(p.config(local))
	p.await(has(map[string][]string{"tcpListener": nil, "tcpConnector": nil}))
	p.awaitLog("adaptor.sync.fine")
}

// TestProxy has the router know of a proxy as soon as its password is there.
func TestProxy(t *testing.T) {
	p := ready(t)
	set := func(password string) {
		p.secrets.put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "px"}, Type: corev1.SecretTypeBasicAuth, Data: map[string][]byte{corev1.BasicAuthPasswordKey: []byte(password)}}, false)
	}
	p.setConfig(p.config(p.profile("skupper-local-server", 0),
		fmt.Sprintf(`["proxyProfile",{"name":"px","host":"127.0.0.1","port":"3128","username":"u","password":"file:%s"}]`, filepath.Join(p.ProxyDir, "px", passwordFile))))
	p.awaitLog("proxy px: there is no secret px")
	p.await(has(map[string][]string{"proxyProfile": nil}))
	set("one")
	p.await(has(map[string][]string{"proxyProfile": {"px"}}))
	set("two")
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		text, err := os.ReadFile(filepath.Join(p.ProxyDir, "px", passwordFile))
		if err == nil && string(text) != "two" {
			err = fmt.Errorf("the password is %q", text)
		}
		return err
	})
	p.await(has(map[string][]string{"proxyProfile": {"px"}}))
}

// TestPrepare waits for what is missing, says so, and gives up with the same words.
func TestPrepare(t *testing.T) {
	p := newPod(t)
	p.patience = time.Second
	err := p.prepare(t.Context())
	if err == nil || !strings.Contains(err.Error(), "an answer of the API server about configmap skupper-router") {
		t.Errorf("nothing is known: %v", err)
	}
	p.configs.replace(map[string]string{})
	p.secrets.replace(map[string]credential{})
	if err := p.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no configmap skupper-router") {
		t.Errorf("no configuration: %v", err)
	}
	p.setConfig(p.config(p.profile("skupper-local-server", 1)))
	if err := p.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "TLS profile skupper-local-server: there is no secret for it") {
		t.Errorf("no secret: %v", err)
	}
	p.setSecret("skupper-local-server", 0)
	if err := p.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "the controller has not annotated it") {
		t.Errorf("no annotation: %v", err)
	}
	p.setConfig(p.config(p.profile("skupper-local-server", 0)))
	p.secrets.put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "skupper-local-server"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{fileCA: []byte("c"), fileCert: []byte("c"), fileKey: []byte("k")}}, false)
	p.patience = 10 * time.Second // for half of it, it is waited for what the controller says
	if err := p.prepare(t.Context()); err != nil {
		t.Errorf("a controller that annotates nothing: %v", err)
	}
	if !strings.Contains(p.log.String(), "skupper-local-server does not say that it is for it") {
		t.Error("an annotation is not waited for")
	}
	p.setConfig(p.config(p.profile("skupper-local-server", 1)))
	result := make(chan error, 1)
	p.patience = time.Minute
	go func() { result <- p.prepare(t.Context()) }()
	p.awaitLog("adaptor.waiting")
	p.setSecret("skupper-local-server", 1, "skupper-local-server")
	if err := <-result; err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(p.ConfigDir, names.ConfigKey))
	if err != nil || string(text) != p.config(p.profile("skupper-local-server", 1)) {
		t.Errorf("the file is %s, %v", text, err)
	}
	// Without the password of a proxy the router starts all the same, later.
	p.patience = 2 * time.Second
	p.setConfig(p.config(p.profile("skupper-local-server", 1), `["proxyProfile",{"name":"px","host":"h","port":"1"}]`))
	if err := p.prepare(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.setConfig("")
	if err := p.prepare(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestServe answers probes, and ends with its context.
func TestServe(t *testing.T) {
	h := newHealth()
	ctx, cancel := context.WithCancel(t.Context())
	wait, err := serve(ctx, "127.0.0.1:0", map[string]http.Handler{"/healthz": h})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- wait() }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	h.set(nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, nil)
	if w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := serve(t.Context(), l.Addr().String(), map[string]http.Handler{"/healthz": h}); err == nil {
		t.Error("a port that is taken is served")
	}
	m := &counters{health: h}
	m.changes.Add(3)
	w = httptest.NewRecorder()
	m.ServeHTTP(w, nil)
	if !strings.Contains(w.Body.String(), "\nskupper_adaptor_router_changes_total 3\n") || !strings.Contains(w.Body.String(), "\nskupper_adaptor_router_up 1\n") {
		t.Errorf("got %s", w.Body)
	}
}
