package baretls

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/tests/bench/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair runs both ends and returns where to connect.
func pair(t *testing.T, server string) string {
	t.Helper()
	dir := t.TempDir()
	ca, err := pki.NewP256CA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := pki.Issue(ca, pki.Request{Subject: "test", Hosts: []string{"localhost"}, Client: true, Server: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"ca": ca.Cert, "cert": cert.Cert, "key": cert.Key}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var ports proc.Ports
	addrs := make([]string, 2)
	for i := range addrs {
		p, err := ports.Next()
		if err != nil {
			t.Fatal(err)
		}
		addrs[i] = net.JoinHostPort(proc.Loopback, p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for _, r := range []Relay{{Listen: addrs[0], To: addrs[1], Outgoing: true}, {Listen: addrs[1], To: server}} {
		r.CA, r.Cert, r.Key = filepath.Join(dir, "ca"), filepath.Join(dir, "cert"), filepath.Join(dir, "key")
		go func() { ended <- r.Run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	dial(t, addrs[1]).Close() // the far end listens: the near one dials it once for each flow
	return addrs[0]
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			c.SetDeadline(time.Now().Add(10 * time.Second))
			return c.(*net.TCPConn)
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestHalfClose sends a question, ends it, and gets an answer that begins only then.
func TestHalfClose(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			q, err := io.ReadAll(c)
			if err == nil {
				_, _ = c.Write(bytes.ToUpper(q))
			}
			c.Close()
		}
	}()
	question := bytes.Repeat([]byte("question"), 100_000)
	c := dial(t, pair(t, ln.Addr().String()))
	if _, err := c.Write(question); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, bytes.ToUpper(question)) {
		t.Errorf("got %d octets of %d, %v", len(got), len(question), err)
	}
}

// TestServerAway closes what cannot be carried.
func TestServerAway(t *testing.T) {
	c := dial(t, pair(t, "127.0.0.1:1"))
	if n, err := io.Copy(io.Discard, c); n > 0 {
		t.Errorf("got %d octets, %v", n, err)
	}
}
