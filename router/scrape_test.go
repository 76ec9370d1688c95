package router

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestScrapesShare: those who ask while an answer is made share the next one, and who asks alone gets a new one.
func TestScrapesShare(t *testing.T) {
	var s scrape
	made, began, goOn := 0, make(chan struct{}), make(chan struct{})
	ask := func() (string, bool) {
		if made++; made == 1 {
			close(began)
			<-goOn
		}
		return strings.Repeat("x", made), true
	}
	var all sync.WaitGroup
	all.Go(func() { s.answer(time.Now(), ask) })
	<-began
	for range 100 {
		asked := time.Now()
		all.Go(func() {
			if text, ok := s.answer(asked, ask); !ok || text == "" {
				t.Errorf("it gets %q, %t", text, ok)
			}
		})
	}
	close(goOn)
	all.Wait()
	if made > 2 {
		t.Errorf("%d answers were made for those who waited", made)
	}
	s.began, s.ended = time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)
	before := made
	if text, _ := s.answer(time.Now(), ask); made != before+1 || len(text) != made {
		t.Errorf("who asks later gets %q", text)
	}
}

// TestHTTPFailures: what the HTTP server says of its peers comes once for each, in the router's log.
func TestHTTPFailures(t *testing.T) {
	var out bytes.Buffer
	f := &httpFailures{&Router{failing: newFailures(zerolog.New(&out))}, "probes"}
	for range 1000 {
		for _, host := range []string{"10.0.0.1:5", "[::1]:7"} {
			if _, err := io.WriteString(f, "http: TLS handshake error from "+host+": tls: bad record\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := `{"level":"info","error":"tls: bad record","listener":"probes","host":"10.0.0.1:5","message":"tls handshake failed"}
{"level":"info","error":"tls: bad record","listener":"probes","host":"[::1]:7","message":"tls handshake failed"}
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestBoundedListener: who holds too many connections loses the oldest, and one that is closed does not count.
func TestBoundedListener(t *testing.T) {
	var out bytes.Buffer
	conns := make(chan net.Conn, 1)
	b := &boundedListener{accepting{conns}, &listener{r: &Router{failing: newFailures(zerolog.New(&out))}}}
	closed := 0
	accept := func() net.Conn {
		t.Helper()
		conns <- &closing{from{addr: "10.0.0.1:1"}, func() { closed++ }}
		c, err := b.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 1000 {
		_ = accept().Close()
	}
	if closed != 1000 || len(b.l.half.all) != 0 {
		t.Fatalf("%d are closed, %d are left", closed, len(b.l.half.all))
	}
	for range 1000 {
		accept()
	}
	if n := len(b.l.half.all); closed+n != 2000 || n > 256 || !strings.Contains(out.String(), "too many connections at once") {
		t.Errorf("%d are closed, %d are left; the log is %s", closed, n, &out)
	}
}

// accepting is a listener in memory.
type accepting struct{ conns chan net.Conn }

func (a accepting) Accept() (net.Conn, error) { return <-a.conns, nil }
func (accepting) Close() error                { return errors.ErrUnsupported }
func (accepting) Addr() net.Addr              { return peerName("") }

// closing is a connection that tells when it is closed.
type closing struct {
	from
	told func()
}

func (c *closing) Close() error { c.told(); return nil }
