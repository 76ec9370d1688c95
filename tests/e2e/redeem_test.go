//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

// claimants are clients of their own, each with a key of its own, that try a token until they have an answer that counts.
type claimants struct {
	tok    token.Token
	client *http.Client
	won    atomic.Int32
	lost   atomic.Int32
}

func newClaimants(t *testing.T, tok token.Token) *claimants {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(tok.CA)) {
		t.Fatal("the token has no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, MaxConnsPerHost: 100}
	t.Cleanup(tr.CloseIdleConnections)
	return &claimants{tok: tok, client: &http.Client{Transport: tr, Timeout: 15 * time.Second}}
}

// claim redeems the token as somebody new.
func (c *claimants) claim(ctx context.Context, number int) error {
	csr, _, err := pki.NewCSR(fmt.Sprintf("claimant-%d", number))
	if err != nil {
		return err
	}
	for {
		status, cause, body, err := c.post(ctx, csr)
		switch {
		case err != nil || status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		case status == http.StatusOK:
			if !bytes.Contains(body, []byte("tls.crt")) {
				return fmt.Errorf("an answer without a certificate: %s", body)
			}
			c.won.Add(1)
			return nil
		case status == http.StatusNotFound && (cause == "used-up" || cause == "unknown"):
			if cause == "used-up" {
				c.lost.Add(1)
				return nil
			} // unknown: the server was started again and has not looked at its grants yet
		default:
			return fmt.Errorf("claimant %d got %d %s %s", number, status, cause, body)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("claimant %d has no answer: %w (last: %d %s, %w)", number, ctx.Err(), status, cause, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *claimants) post(ctx context.Context, csr []byte) (status int, cause string, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.tok.URL, strings.NewReader(c.tok.Code))
	if err != nil {
		return 0, "", nil, err
	}
	req.Header.Set("name", c.tok.Name)
	req.Header.Set("skupper-csr", base64.StdEncoding.EncodeToString(csr))
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close() // only read
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, resp.Header.Get("skupper-cause"), body, err
}

// all lets many claim at once, and returns when each has its answer.
func (c *claimants) all(t *testing.T, many int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			if err := c.claim(ctx, i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won, lost := c.won.Load(), c.lost.Load(); won != 1 || int(lost) != many-1 {
		t.Errorf("%d succeeded and %d came too late, want 1 and %d", won, lost, many-1)
	}
}

const crowd = 1000

func TestOneOfThousandRedeems(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west", "--enable-link-access")
	began := time.Now()
	newClaimants(t, read(t, p.issue())).all(t, crowd)
	t.Logf("%d claimants in %v", crowd, time.Since(began))
}

// An answer that is lost with the agent may have been counted: at most one succeeds then, and whoever has the key of the
// one that was counted can have the answer again. So here each claimant keeps its key while it tries.
func TestOneOfThousandRedeemsWhileKilled(t *testing.T) { // alone: its ports are free for others now and then
	p := in(t, "west")
	p.do("site", "create", "west", "--enable-link-access")
	c := newClaimants(t, read(t, p.issue()))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := range 4 {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(50+rand.IntN(200)) * time.Millisecond):
			}
			if pid := p.agent(); pid != 0 && alive(p, pid, 0) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			if i%2 == 0 { // else the router does it
				p.try("system", "reload")
			}
		}
	}()
	c.all(t, crowd)
	close(stop)
	<-stopped
}

// The whole redemption by the program, cut off at any moment: the token is neither burnt nor doubled.
func TestRedemptionCutOff(t *testing.T) { // alone: its ports are free for others now and then
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	west := in(t, "west")
	west.do("site", "create", "west", "--enable-link-access")
	east, late := west.beside("east"), west.beside("late")
	east.do("site", "create", "east")
	late.do("site", "create", "late")
	for i := range 3 {
		file := west.home.Dir + "/cut-" + strconv.Itoa(i) + ".yaml"
		for range 3 {
			killAround(west, r, "token", "issue", file)
			if exists(file) {
				read(t, file) // it is whole
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
		}
		west.do("token", "issue", file)
		for range 3 {
			killAround(east, r, "token", "redeem", file)
		}
		// It may be that the agent does it already.
		east.do("token", "redeem", file)
		late.refuses(5, "(?i)used|redeemed", "token", "redeem", file)
		name := read(t, file).Name
		east.shows(patience, `(?m)^`+name+` +Ready`, "link", "status")
		if n := strings.Count(east.do("link", "status"), name); n != 1 {
			t.Errorf("%d links of one token", n)
		}
		nothingHalf(t, west)
	}
	if left := pending(t, east); len(left) > 0 {
		t.Errorf("left of redemptions: %v", left)
	}
}
