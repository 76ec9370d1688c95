//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// probes makes a listener for probes and scrapes at A.
func (b *besieged) probes() (addr string) {
	b.t.Helper()
	port := b.Port()
	b.a.Must(func(ctx context.Context, c *manage.Client) error {
		return c.Create(ctx, "listener", "probes", map[string]any{"host": "127.0.0.1", "port": port, "http": true})
	})
	return net.JoinHostPort("127.0.0.1", port)
}

// from is an HTTP client of an address of its own.
func from(ip string) *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	return &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}}
}

func get(ctx context.Context, c *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return string(b), err
}

// files is how many files a process has open.
func files(t *testing.T, pid int) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Skipf("SKIPPED: the system does not tell a process' files: %v", err)
	}
	return len(all)
}

// TestSlowRequests has a host open connections by the thousand to the listener for probes, and begin a request on each that it does not end: the router has
// few of them at a time, and others are answered.
func TestSlowRequests(t *testing.T) {
	siege(t, 64, func(b *besieged) {
		addr := b.probes()
		before := files(t, b.a.Process().PID())
		n := descriptors(t, 3000)
		most := 0
		for i := range n {
			c, err := net.DialTimeout("tcp", addr, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-"); err != nil && i == 0 {
				t.Fatal(err)
			}
			if i%100 == 0 {
				most = max(most, files(t, b.a.Process().PID())-before)
				if body, err := get(t.Context(), from("127.0.0.7"), "http://"+addr+"/healthz"); err != nil || body != "OK\n" {
					t.Errorf("beside %d slow requests another host gets %q, %v", i, body, err)
				}
			}
		}
		t.Logf("of %d connections the router has had %d at a time", n, most)
		if most > 400 {
			t.Errorf("the router has had %d of them at a time", most)
		}
	})
}

// TestScrapesAtOnce has two hundred scrapers ask at the same time, again and again, of a router with very many links.
func TestScrapesAtOnce(t *testing.T) {
	siege(t, 200, func(b *besieged) {
		addr := b.probes()
		s := meet(t, b.plain, opening())
		for i := range uint32(5000) {
			if !s.say(receiver(i, fmt.Sprint("scraped/", i), 0)) {
				t.Fatal("the router has ended the connection")
			}
		}
		s.quiet()
		began := b.beside.counted().done
		var all sync.WaitGroup
		var mu sync.Mutex
		answers := 0
		var failed []error
		until := time.Now().Add(5 * time.Second)
		for i := range 200 {
			all.Go(func() {
				c := from(fmt.Sprintf("127.0.1.%d", i+1))
				for time.Now().Before(until) {
					body, err := get(t.Context(), c, "http://"+addr+"/metrics")
					if err == nil && !strings.Contains(body, "qdr_links_total ") {
						err = fmt.Errorf("%d octets", len(body))
					}
					mu.Lock()
					if answers++; err != nil {
						failed = append(failed, err)
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		t.Logf("%d scrapes, %d flows beside", answers, b.beside.counted().done-began)
		if len(failed) > answers/10 { // a machine that has much else to do may fail some
			t.Errorf("%d scrapes of %d failed, the first because of %v", len(failed), answers, failed[0])
		}
	})
}

// TestOversizedRequest sends a head that is larger than any.
func TestOversizedRequest(t *testing.T) {
	siege(t, 32, func(b *besieged) {
		addr := b.probes()
		c, done, err := routertest.Dial(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		_ = c.SetDeadline(time.Now().Add(patience))
		go func() {
			_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n")
			for i := range 1 << 20 {
				if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		}()
		answer, _ := io.ReadAll(c) // it may be reset in the end
		if !strings.HasPrefix(string(answer), "HTTP/1.1 431 ") {
			t.Errorf("it gets %q", answer)
		}
	})
}
