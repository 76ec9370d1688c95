//go:build cluster

package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// lastPort is the last one that freePort gave.
var lastPort atomic.Int32

// freePort is a port that nobody has now and no other test gets, below those that connections go out from.
func freePort(t *testing.T) string {
	t.Helper()
	lastPort.CompareAndSwap(0, 20000)
	for port := lastPort.Add(1); port < 30000; port = lastPort.Add(1) {
		l, err := net.Listen("tcp", ":"+strconv.Itoa(int(port)))
		if err == nil {
			_ = l.Close()
			return strconv.Itoa(int(port))
		}
	}
	t.Fatal("no port is free")
	return ""
}

// get asks the demo server once.
func get(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err == nil && !strings.Contains(string(text), "hello") {
		err = fmt.Errorf("got %q", text)
	}
	return err
}

// eventually repeats something until it does not fail. Most of what is asked starts a program, so that asking all the time would
// only keep from the cluster what it needs to get there.
func eventually(t *testing.T, within time.Duration, what string, try func() error) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s: %v", within, what, err)
		}
	}
}
