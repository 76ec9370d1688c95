package manage

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestDialFaults(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	other := peer{t: t, mechanism: "PLAIN", answer: func([]byte) [][]byte { return nil }}.serve(nil)
	for url, want := range map[string]string{
		"http://127.0.0.1":                 `scheme "http", want amqp or amqps`,
		"127.0.0.1:5672":                   "not a URL",
		"amqp://" + closed.Addr().String(): "connection refused",
		"amqp://u:s3cret@" + other:         "connect to router at amqp://u:xxxxx@",
	} {
		c, err := Dial(t.Context(), Options{URL: url, Timeout: 2 * time.Second})
		if err == nil {
			_ = c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
}

// TestDialSilent checks that a server that accepts and says nothing does not hold a client for long.
func TestDialSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() })
		}
	})
	defer all.Wait()
	defer l.Close() // ends the goroutine
	start := time.Now()
	for _, scheme := range []string{"amqp://", "amqps://"} {
		_, err = Dial(t.Context(), Options{URL: scheme + l.Addr().String(), Timeout: 100 * time.Millisecond})
		if err == nil || !errors.As(err, new(*TimeoutError)) {
			t.Errorf("got %v, want a time-out", err)
		}
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestExternal checks that amqps uses the client's certificate, and the URL's host as server name.
func TestExternal(t *testing.T) {
	cert, pool := certificates(t, t.TempDir())
	p := node(t, newStore())
	p.mechanism = "EXTERNAL"
	address := p.serve(&tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12})
	mine := &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool, MinVersion: tls.VersionTLS12}
	c, err := Dial(t.Context(), Options{URL: "amqps://" + address, TLS: mine})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // the test is over
	if r, err := c.Routers(t.Context()); err != nil || len(r) != 1 {
		t.Errorf("got %v, %v", r, err)
	}
	if mine.ServerName != "" {
		t.Error("the caller's TLS configuration was changed")
	}
	wrong := mine.Clone()
	wrong.ServerName = "elsewhere"
	if c, err := Dial(t.Context(), Options{URL: "amqps://" + address, TLS: wrong}); err == nil {
		_ = c.Close()
		t.Error("a certificate for another host is accepted")
	}
}

// TestTogether uses one client from several goroutines.
func TestTogether(t *testing.T) {
	c := node(t, newStore()).dial(Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if r, err := c.Routers(t.Context()); err != nil || len(r) != 1 || r[0].ID != "A" {
					t.Errorf("got %v, %v", r, err)
				}
			}
		})
	}
	all.Wait()
}
