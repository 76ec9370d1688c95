package interop

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skupper-plugins/suite/router/routertest"
)

// httpProxy makes connections for whoever asks with CONNECT and may.
type httpProxy struct {
	*routertest.Service
	octets atomic.Int64 // that went through its tunnels, either way

	mu      sync.Mutex
	admits  func(user, password string, given bool) bool
	tunnels map[string]int // made so far, by where they go
	refused int
}

func newHTTPProxy(t *testing.T, admits func(user, password string, given bool) bool) *httpProxy {
	t.Helper()
	p := &httpProxy{admits: admits, tunnels: map[string]int{}}
	p.Service = routertest.Serve(t, p.serve)
	return p
}

// admit changes whom it takes from now on.
func (p *httpProxy) admit(admits func(user, password string, given bool) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.admits = admits
}

// counts is how many tunnels it has made to a place, to others, and how often it has refused.
func (p *httpProxy) counts(place string) (there, elsewhere, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for to, n := range p.tunnels {
		if to == place {
			there = n
		} else {
			elsewhere += n
		}
	}
	return there, elsewhere, p.refused
}

// may says whether a request is one for a tunnel, and of somebody who may have it.
func (p *httpProxy) may(r *http.Request) bool {
	auth := r.Header.Get("Proxy-Authorization")
	r.Header.Set("Authorization", auth) // where the library looks
	user, password, _ := r.BasicAuth()
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := r.Method == http.MethodConnect && p.admits(user, password, auth != "")
	if !ok {
		p.refused++
	}
	return ok
}

func (p *httpProxy) serve(c *net.TCPConn) {
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	if !p.may(r) {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n")
		return
	}
	out, err := net.Dial("tcp", r.Host)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	p.mu.Lock()
	p.tunnels[r.Host]++
	p.mu.Unlock()
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.MultiWriter(out, counter{&p.octets}), in)
		_ = out.Close()
	}()
	_, _ = io.Copy(io.MultiWriter(c, counter{&p.octets}), out)
	_ = c.Close()
	_ = out.Close()
	<-done
}

// counter adds up how much is written to it.
type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}
