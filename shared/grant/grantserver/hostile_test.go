package grantserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
)

func (s *stage) addr() string { return strings.TrimPrefix(s.url, "https://") }

func (s *stage) tls(t *testing.T) *tls.Config {
	t.Helper()
	pool, err := s.grants.Pool()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

func TestTLSVersions(t *testing.T) {
	s := newStage(t, Options{})
	conf := s.tls(t)
	conf.MaxVersion = tls.VersionTLS12
	if conn, err := tls.Dial("tcp", s.addr(), conf); err == nil {
		conn.Close()
		t.Error("TLS 1.2 was accepted")
	}
	for _, proto := range []string{"h2", "http/1.1"} {
		conf := s.tls(t)
		conf.NextProtos = []string{proto}
		conn, err := tls.Dial("tcp", s.addr(), conf)
		if err != nil {
			t.Fatal(err)
		}
		if st := conn.ConnectionState(); st.Version != tls.VersionTLS13 || st.NegotiatedProtocol != proto {
			t.Errorf("version %x, protocol %q", st.Version, st.NegotiatedProtocol)
		}
		conn.Close()
	}
	if resp, err := http.Post("http://"+s.addr()+"/u", "", strings.NewReader(code)); err == nil {
		resp.Body.Close()
		if resp.StatusCode == 200 {
			t.Error("credentials over plain HTTP")
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestHTTP2(t *testing.T) {
	s := newStage(t, Options{})
	tr := &http.Transport{TLSClientConfig: s.tls(t), ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	s.client = &http.Client{Transport: tr}
	if got := s.send(t, "POST", "/u", code); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestCertificateIsSwapped(t *testing.T) {
	s := newStage(t, Options{})
	other, err := pki.NewP256CA("other", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := pki.Issue(other, pki.Request{Subject: "x", Hosts: []string{"127.0.0.1"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.SetCertificate(pki.Pair{CA: cert.CA, Cert: cert.Cert}); err == nil {
		t.Error("a certificate without key was accepted")
	}
	if got := s.send(t, "GET", "/", ""); got.status != 405 {
		t.Errorf("with the first certificate: %d", got.status)
	}
	if err := s.server.SetCertificate(cert); err != nil {
		t.Fatal(err)
	}
	if _, err := s.try("GET", "/", ""); err == nil {
		t.Error("the first certificate is still there")
	}
	s.grants = other
	conn, err := tls.Dial("tcp", s.addr(), s.tls(t))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestNoCertificateYet(t *testing.T) {
	s := newStage(t, Options{})
	url := serve(t, New(s.shelf, s.site, Options{}))
	if conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), s.tls(t)); err == nil {
		conn.Close()
		t.Error("a handshake without certificate")
	}
}

// Whoever is slow is cut off, and meanwhile does not keep others from being served.
func TestSlowClaimants(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: takes as long as the slowest time limit, 10 s")
	}
	s := newStage(t, Options{MaxConns: 20, MaxConnsPerAddr: -1})
	begin := map[string]struct {
		words string
		most  time.Duration
	}{
		"no handshake": {"", headerTime},
		"half header":  {"POST /u HTTP/1.1\r\nHost: x\r\nname", headerTime},
		"half body":    {"POST /u HTTP/1.1\r\nHost: x\r\nContent-Length: 24\r\n\r\nABC", readTime},
		"no request":   {"-", headerTime},
	}
	var wg sync.WaitGroup
	for name, b := range begin {
		for range 4 {
			raw, err := net.Dial("tcp", s.addr())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			conn := raw
			if b.words != "" {
				c := tls.Client(raw, s.tls(t))
				if _, err := c.Write([]byte(strings.TrimPrefix(b.words, "-"))); err != nil {
					t.Fatal(err)
				}
				conn = c
			}
			wg.Go(func() {
				start := time.Now()
				_ = conn.SetReadDeadline(start.Add(40 * time.Second))
				_, err := io.Copy(io.Discard, conn)
				var late net.Error
				if d := time.Since(start); errors.As(err, &late) && late.Timeout() || d > b.most+15*time.Second {
					t.Errorf("%s: not cut off after %v (%v)", name, d, err)
				}
			})
		}
	}
	start := time.Now()
	if got := s.send(t, "POST", "/u", code); got.status != 200 || time.Since(start) > 15*time.Second {
		t.Errorf("beside slow claimants: %d after %v", got.status, time.Since(start))
	}
	wg.Wait()
}

func TestTooMuchHeader(t *testing.T) {
	s := newStage(t, Options{})
	if got := s.send(t, "POST", "/u", code, "x", strings.Repeat("y", maxHeader+5000)); got.status != 431 {
		t.Errorf("got %d", got.status)
	}
}

// A body that never ends is not read to its end.
func TestEndlessBody(t *testing.T) {
	s := newStage(t, Options{})
	conn, err := tls.Dial("tcp", s.addr(), s.tls(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = fmt.Fprintf(conn, "POST /u HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 1 << 14 { // 16 MiB, if anybody took them
			if _, err := fmt.Fprintf(conn, "400\r\n%s\r\n", strings.Repeat("x", 1024)); err != nil {
				return
			}
		}
		t.Error("16 MiB of body were taken")
	})
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 || !resp.Close {
		t.Errorf("got %d, close %v", resp.StatusCode, resp.Close)
	}
	conn.Close()
	wg.Wait()
}

func TestConnectionLimits(t *testing.T) {
	dial := func(t *testing.T, s *stage) net.Conn {
		c, err := net.Dial("tcp", s.addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	t.Run("address", func(t *testing.T) {
		s := newStage(t, Options{MaxConnsPerAddr: 2})
		a, _ := dial(t, s), dial(t, s)
		c := dial(t, s)
		_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the third connection: %v, want it closed", err)
		}
		a.Close()
		for end := time.Now().Add(3 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if r, err := s.try("POST", "/u", code); err == nil {
				if r.status != 200 {
					t.Errorf("got %d", r.status)
				}
				return
			} else if time.Now().After(end) {
				t.Fatalf("after one was closed: %v", err)
			}
		}
	})
	t.Run("total", func(t *testing.T) {
		s := newStage(t, Options{MaxConns: 2})
		a, _ := dial(t, s), dial(t, s)
		time.AfterFunc(100*time.Millisecond, func() { a.Close() })
		start := time.Now()
		if got := s.send(t, "POST", "/u", code); got.status != 200 || time.Since(start) < 90*time.Millisecond {
			t.Errorf("got %d after %v", got.status, time.Since(start))
		}
	})
}

// What is under way when the server stops is completed.
func TestGracefulStop(t *testing.T) {
	s := newStage(t, Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "https://" + ln.Addr().String()
	entered, release := make(chan struct{}), make(chan struct{})
	s.err = func() error { close(entered); <-release; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.server.Serve(ctx, ln) }()
	answer := make(chan reply, 1)
	go func() { r, _ := s.try("POST", "/u", code); answer <- r }()
	<-entered
	cancel()
	time.Sleep(50 * time.Millisecond)
	if c, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		c.Close()
		t.Error("still listens")
	}
	close(release)
	if r := <-answer; r.status != 200 {
		t.Errorf("the claim under way got %d", r.status)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Wrong codes beyond the tenth take time, each after the other; the right one still works, and others are not held up.
func TestGuessing(t *testing.T) {
	s := newStage(t, Options{})
	start := time.Now()
	for range freeGuesses {
		if got := s.send(t, "POST", "/u", "guess"); got.status != 403 {
			t.Fatalf("got %d", got.status)
		}
	}
	if d := time.Since(start); d > guessDelay*freeGuesses/2 {
		t.Errorf("the first guesses took %v", d)
	}
	start = time.Now()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := s.try("POST", "/u", "guess"); err != nil || got.status != 403 || got.cause != grant.Refused {
				t.Errorf("got %d %s, %v", got.status, got.cause, err)
			}
		})
	}
	wg.Wait()
	if d := time.Since(start); d < 4*guessDelay {
		t.Errorf("four more at once took %v, want %v or more", d, 4*guessDelay)
	}
	start = time.Now()
	if got := s.send(t, "POST", "/u", code); got.status != 200 || time.Since(start) > guessDelay {
		t.Errorf("the right code: %d after %v", got.status, time.Since(start))
	}
}

// Hanging up does not make the next guess free: it is only looked at when the time that the one before costs is over.
func TestGuessingByHangingUp(t *testing.T) {
	s := newStage(t, Options{})
	for range freeGuesses {
		s.send(t, "POST", "/u", "guess")
	}
	last := func() time.Time { // when the last guess was found wrong
		g := &s.server.guesses
		g.mu.Lock()
		defer g.mu.Unlock()
		wrong := g.sources["grant u"].wrong
		return wrong[len(wrong)-1]
	}
	patient := s.client
	for n := range 3 {
		before := last()
		ctx, hangUp := context.WithCancel(t.Context())
		s.client = &http.Client{Transport: hasty{ctx, patient.Transport}}
		done := make(chan error, 1)
		go func() { _, err := s.try("POST", "/u", "guess"); done <- err }()
		for last().Equal(before) {
			time.Sleep(time.Millisecond)
		}
		hangUp()
		if err := <-done; err == nil {
			t.Fatal("a guess was answered at once")
		}
		if d := last().Sub(before); n > 0 && d < guessDelay {
			t.Errorf("a guess was looked at %v after the one before", d)
		}
	}
	s.client = patient
	if got := s.send(t, "POST", "/u", code); got.status != 200 || time.Since(last()) < guessDelay {
		t.Errorf("got %d, %v after the last guess", got.status, time.Since(last()))
	}
}

// hasty is a transport whose requests end with its context.
type hasty struct {
	ctx context.Context //nolint:containedctx // of all its requests
	http.RoundTripper
}

func (h hasty) RoundTrip(r *http.Request) (*http.Response, error) {
	return h.RoundTripper.RoundTrip(r.WithContext(h.ctx))
}
