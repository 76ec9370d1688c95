package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// proxyServer answers each CONNECT as a test wants, and then plays the target: it says hello first.
func proxyServer(t *testing.T, answer func(r *http.Request) string) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err == nil {
				_, _ = io.WriteString(c, answer(r))
			}
			_ = c.Close()
		}
	}()
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	return &Proxy{Host: host, Port: port}
}

func TestProxy(t *testing.T) {
	const wantAuth = "Basic dXNlcjpwYXNzOndvcmQ=" // user:pass:word
	for _, c := range []struct{ name, answer, err string }{
		{"good", "HTTP/1.1 200 Connection established\r\n\r\nhello", ""},
		{"old and with headers", "HTTP/1.0 200 OK\r\nVia: x\r\nProxy-Agent: y\r\n\r\nhello", ""},
		{"any success", "HTTP/1.1 204\r\n\r\nhello", ""},
		{"bad password", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "does not accept the user name and password"},
		{"refused", "HTTP/1.1 403 Forbidden\r\n\r\n", `"HTTP/1.1 403 Forbidden"`},
		{"not a proxy", "SSH-2.0-x\r\n\r\n", "not that of an HTTP proxy"},
		{"nothing", "", "read its answer"},
		{"cut short", "HTTP/1.1 200 OK\r\n", "read its answer"},
		{"without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("x: y\r\n", 10_000), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := proxyServer(t, func(r *http.Request) string {
				if r.Method != http.MethodConnect || r.URL.Host != "far.example:55671" || r.Host != "far.example:55671" || r.Header.Get("Proxy-Authorization") != wantAuth {
					return "HTTP/1.1 400 " + r.Method + " " + r.URL.Host + " " + r.Host + " " + r.Header.Get("Proxy-Authorization") + "\r\n\r\n"
				}
				return c.answer
			})
			p.Username, p.Password = "user", "pass:word"
			s, err := Dial(t.Context(), Target{Host: "far.example", Port: "55671", Proxy: p})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "proxy "+net.JoinHostPort(p.Host, p.Port)) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() // only read
			var b [5]byte
			if _, err := io.ReadFull(s.conn, b[:]); err != nil || string(b[:]) != "hello" {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

// A proxy that wants a password where none is known is told from one that does not like what it gets.
func TestProxyWantsPassword(t *testing.T) {
	p := proxyServer(t, func(*http.Request) string { return "HTTP/1.1 407 x\r\n\r\n" })
	if _, err := Dial(t.Context(), Target{Host: "::1", Port: "1", Proxy: p}); err == nil || !strings.Contains(err.Error(), "wants a user name and password") {
		t.Errorf("got %v", err)
	}
}

func TestProxyWithoutPassword(t *testing.T) {
	p := proxyServer(t, func(r *http.Request) string {
		if _, has := r.Header["Proxy-Authorization"]; has {
			return "HTTP/1.1 400 x\r\n\r\n"
		}
		return "HTTP/1.1 200 OK\r\n\r\n"
	})
	s, err := Dial(t.Context(), Target{Host: "::1", Port: "1", Proxy: p})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// A proxy that says nothing is given up with the context.
func TestProxySilent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // nothing was accepted
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, Target{Host: "x", Port: "1", Proxy: &Proxy{Host: host, Port: port}}); err == nil {
		t.Error("no error")
	}
}
