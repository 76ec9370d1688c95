package routertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Load is how much [Exercise] sends.
type Load struct {
	Bulk  int64 // octets each way
	Flows int   // connections at once
	// Lenient takes an orderly end where a connection was cut: some listeners do not tell their clients.
	Lenient bool
}

// patience bounds each exchange.
const patience = 60 * time.Second

// Exercise sends traffic of every kind from listeners at near to servers behind connectors at far.
func Exercise(t *testing.T, near, far *Node, load Load) {
	t.Helper()
	for _, x := range []struct {
		name string
		run  func(t *testing.T, p path, load Load)
	}{
		{"http", exchangeHTTP},
		{"bulk", exchangeBulk},
		{"half-close", halfClose},
		{"many", manyFlows},
		{"slow reader", slowReader},
		{"refused", refused},
		{"server reset", serverReset},
		{"client reset", clientReset},
	} {
		t.Run(x.name, func(t *testing.T) { x.run(t, path{near, far}, load) })
	}
}

// path is where traffic enters the network and where it leaves it.
type path struct{ near, far *Node }

// open joins the two ends by an address of the test's own, until the test ends.
func (p path) open(t *testing.T, port string) (addr string) {
	t.Helper()
	name := t.Name()
	p.far.Connect(name+".out", name, port)
	addr = p.near.Listen(name+".in", name)
	p.near.AwaitListener(name+".in", true)
	t.Cleanup(func() {
		p.near.Delete("tcpListener", name+".in")
		p.far.Delete("tcpConnector", name+".out")
	})
	return addr
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func exchangeHTTP(t *testing.T, p path, _ Load) {
	ln, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("X-Path", r.URL.Path)
		_, _ = w.Write(b)
	})}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-ended
	})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	addr := p.open(t, port)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	for i := range 20 {
		body := bytes.Repeat([]byte{byte(i)}, i*i*500)
		req, err := http.NewRequestWithContext(limited(t), http.MethodPost, fmt.Sprintf("http://%s/%d", addr, i), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || !bytes.Equal(got, body) || res.Header.Get("X-Path") != req.URL.Path {
			t.Fatalf("request %d: got %d octets of %d, %v", i, len(got), len(body), err)
		}
	}
}

func exchangeBulk(t *testing.T, p path, load Load) {
	addr := p.open(t, BulkServer(t).Port)
	start := time.Now()
	if err := Bulk(limited(t), addr, load.Bulk, load.Bulk); err != nil {
		t.Fatal(err)
	}
	d := time.Since(start)
	t.Logf("%d MiB each way in %v: %.0f MB/s", load.Bulk>>20, d.Round(time.Millisecond), 2*float64(load.Bulk)/1e6/d.Seconds())
	for _, n := range []int64{0, 1, 16<<10 - 1, 512 << 10, 1<<20 + 1} {
		if err := errors.Join(Bulk(limited(t), addr, n, 0), Bulk(limited(t), addr, 0, n)); err != nil {
			t.Errorf("%d octets: %v", n, err)
		}
	}
}

// halfClose ends one direction long before the other, each in turn.
func halfClose(t *testing.T, p path, _ Load) {
	answer := bytes.Repeat([]byte("answer"), 200_000)
	got := make(chan error, 1)
	after := Serve(t, func(c *net.TCPConn) { // answers when the question has ended
		q, err := io.ReadAll(c)
		if err == nil && string(q) == "question" {
			time.Sleep(100 * time.Millisecond)
			_, _ = c.Write(answer)
		}
	})
	before := Serve(t, func(c *net.TCPConn) { // has nothing more to say, and listens
		_ = c.CloseWrite()
		b, err := io.ReadAll(c)
		if err == nil && !bytes.Equal(b, answer) {
			err = fmt.Errorf("the server got %d octets, want %d", len(b), len(answer))
		}
		got <- err
	})
	t.Run("client", func(t *testing.T) {
		c, done, err := Dial(limited(t), p.open(t, after.Port))
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		if _, err := io.WriteString(c, "question"); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); err != nil || !bytes.Equal(b, answer) {
			t.Errorf("got %d octets of %d, %v", len(b), len(answer), err)
		}
	})
	t.Run("server", func(t *testing.T) {
		c, done, err := Dial(limited(t), p.open(t, before.Port))
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		if b, err := io.ReadAll(c); err != nil || len(b) != 0 {
			t.Fatalf("got %d octets, %v", len(b), err)
		}
		time.Sleep(100 * time.Millisecond)
		if _, err := c.Write(answer); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-got:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server has not seen the end")
		}
	})
}

// manyFlows opens all connections, and only then uses them.
func manyFlows(t *testing.T, p path, load Load) {
	addr := p.open(t, BulkServer(t).Port)
	ctx := limited(t)
	conns := make([]*net.TCPConn, load.Flows)
	for i := range conns {
		c, done, err := Dial(ctx, addr)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer done()
		conns[i] = c
	}
	start := time.Now()
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() {
			if err := BulkOver(c, 100_000+int64(i), 50_000); err != nil {
				t.Errorf("flow %d: %v", i, err)
			}
		})
	}
	all.Wait()
	t.Logf("%d flows in %v", len(conns), time.Since(start).Round(time.Millisecond))
}

// slowReader leaves one connection unread, which may not harm others, and finds all of it later.
func slowReader(t *testing.T, p path, _ Load) {
	const size = 32 << 20
	addr := p.open(t, BulkServer(t).Port)
	ctx := limited(t)
	slow, done, err := Dial(ctx, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	_ = slow.SetReadBuffer(64 << 10)
	read := make(chan struct{})
	result := make(chan error, 1)
	go func() { result <- bulkLate(slow, size, read) }()
	time.Sleep(300 * time.Millisecond) // the window fills
	for range 4 {
		short, cancel := context.WithTimeout(ctx, 15*time.Second)
		err := Bulk(short, addr, 1<<20, 1<<20)
		cancel()
		if err != nil {
			t.Errorf("beside a slow reader: %v", err)
		}
	}
	close(read)
	if err := <-result; err != nil {
		t.Errorf("the slow reader: %v", err)
	}
}

// bulkLate asks for octets and begins to read them when it is told.
func bulkLate(c *net.TCPConn, size int64, read <-chan struct{}) error {
	var head [bulkHead]byte
	putDown(head[:], size)
	if _, err := c.Write(head[:]); err != nil {
		return err
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	<-read
	return compare(c, noise(size, 'd'))
}
