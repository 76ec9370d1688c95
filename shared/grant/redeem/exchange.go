package redeem

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

// Bounds of what a server sends.
const (
	maxAnswer = 512 << 10 // octets of body: hundreds of links
	maxHeader = 32 << 10  // octets of header
)

// exchange is one redemption, over as many tries as it takes.
type exchange struct {
	token   token.Token
	subject string
	url     *url.URL
	roots   *x509.CertPool
	key     []byte // PEM
	csr     string // of key, for the header
	pending Pending
	id      string // in pending
	now     func() time.Time
	timeout time.Duration
	sent    bool // a request went out whole, and no answer was seen: it may have counted
}

// prepare makes or finds the key. Nothing is sent yet.
func (c *Client) prepare(ctx context.Context, now time.Time, t token.Token, subject string) (*exchange, error) {
	start := time.Now()
	x := &exchange{token: t, subject: subject, pending: c.Pending, id: pendingID(t), timeout: c.Timeout,
		now: func() time.Time { return now.Add(time.Since(start)) }}
	if x.pending == nil {
		x.pending = &memory{}
	}
	if x.timeout <= 0 {
		x.timeout = DefaultTimeout
	}
	var err error
	if x.url, err = url.Parse(t.URL); err != nil {
		return nil, fmt.Errorf("redeem token %s: %w", t.Name, err)
	}
	if x.roots, err = (pki.Pair{CA: []byte(t.CA)}).Pool(); err != nil {
		return nil, fmt.Errorf("redeem token %s: %w", t.Name, err)
	}
	fresh, err := pki.NewKey()
	if err != nil {
		return nil, fmt.Errorf("redeem token %s: %w", t.Name, err)
	}
	if x.key, err = x.pending.Keep(ctx, x.id, fresh); err != nil {
		return nil, fmt.Errorf("redeem token %s: %w", t.Name, err)
	}
	name := subject
	if name == "" {
		name = t.Name
	}
	csr, err := pki.CSR(name, x.key)
	if err != nil {
		return nil, fmt.Errorf("redeem token %s: %w", t.Name, err)
	}
	block, _ := pem.Decode(csr)
	x.csr = base64.StdEncoding.EncodeToString(block.Bytes)
	return x, nil
}

// progress is how far one try came.
type progress struct {
	connected atomic.Bool // to the server, or its proxy
	secured   atomic.Bool
	sent      atomic.Bool // the whole request
}

// attempt makes one exchange.
func (c *Client) attempt(ctx context.Context, x *exchange) (Result, *Failure) {
	within := x.timeout
	if end, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(end).Round(10*time.Millisecond))
	}
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	var p progress
	//nolint:bodyclose // post has read and closed it
	resp, body, err := c.post(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone:      func(_, _ string, err error) { p.connected.Store(p.connected.Load() || err == nil) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { p.secured.Store(err == nil) },
		WroteRequest:     func(i httptrace.WroteRequestInfo) { p.sent.Store(i.Err == nil) },
	}), x)
	if err != nil {
		x.sent = x.sent || p.sent.Load()
		return Result{}, x.unanswered(err, &p, within)
	}
	if resp.StatusCode != http.StatusOK {
		f := x.refused(resp, string(body))
		f.Status, f.Body = resp.StatusCode, clip(string(body))
		return Result{}, f
	}
	res, err := x.read(body)
	if err != nil {
		f := x.garbled(err)
		f.Status = resp.StatusCode
		return Result{}, f
	}
	return res, nil
}

// post sends the claim and reads the whole answer.
func (c *Client) post(ctx context.Context, x *exchange) (*http.Response, []byte, error) {
	transport := &http.Transport{
		Proxy:                  c.Proxy,
		OnProxyConnectResponse: proxyAnswer,
		TLSClientConfig:        &tls.Config{RootCAs: x.roots, MinVersion: tls.VersionTLS13, Time: x.now},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.token.URL, strings.NewReader(x.token.Code))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("name", x.token.Name)
	if x.subject != "" {
		req.Header.Set("subject", x.subject)
	}
	req.Header.Set(token.HeaderCSR, x.csr)
	resp, err := client.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // without the URL, which the message has already
		}
		return nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooLong
	}
	return resp, body, err
}

var errTooLong = fmt.Errorf("the answer has more than %d octets", maxAnswer)

// proxyError is a proxy's refusal to connect to the server.
type proxyError struct{ status string }

func (e *proxyError) Error() string { return "the proxy answered " + strconv.Quote(clip(e.status)) }

func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{resp.Status}
}

// retryAfter is how long a server asks to wait; 0 if it does not say.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 || n > 3600 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// causeOf is the cause that a server of ours tells; empty if another answered.
func causeOf(h http.Header) grant.Cause {
	if c := grant.Cause(h.Get(token.HeaderCause)); c.Known() {
		return c
	}
	return ""
}
