//go:build kube

package kubetest

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// silence takes connections and says nothing. Most is how many it had at once.
type silence struct {
	url       string
	now, most atomic.Int64
}

func newSilence(t *testing.T) *silence {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &silence{url: "https://" + ln.Addr().String() + "/6f1f6dbe"}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			n := s.now.Add(1)
			for old := s.most.Load(); n > old && !s.most.CompareAndSwap(old, n); old = s.most.Load() {
			}
			conns.Go(func() {
				_, _ = io.Copy(io.Discard, c) // until the other side gives up
				_ = c.Close()
				s.now.Add(-1)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		conns.Wait()
	})
	return s
}

// TestTokensOfOneNamespaceLeaveRoom has a namespace with many tokens whose server never answers, and another one with a token that is
// good.
func TestTokensOfOneNamespaceLeaveRoom(t *testing.T) {
	t.Parallel()
	silent := newSilence(t)
	good := newForeign(t, 0, nil)
	many, other := newNamespace(t, base.Prefix), newNamespace(t, base.Prefix)
	newSite(t, many)
	newSite(t, other)
	for n := range 6 {
		tok := good.token(many, fmt.Sprintf("tok-%d", n))
		tok.Spec.URL = silent.url
		create(t, tok)
	}
	for end := time.Now().Add(patience); silent.most.Load() < 4; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the silent server had %d connections at once", silent.most.Load())
		}
	}
	create(t, good.token(other, "tok"))
	await(t, &v2alpha1.AccessToken{}, other, "tok", redeemed)
	if n := silent.most.Load(); n > 4 {
		t.Errorf("one namespace had %d exchanges at once", n)
	}
	// Each gets its turn, and says what is wrong.
	for n := range 6 {
		await(t, &v2alpha1.AccessToken{}, many, fmt.Sprintf("tok-%d", n), func(t *v2alpha1.AccessToken) bool { return t.Status.Message != "" })
	}
}
