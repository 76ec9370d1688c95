//go:build kube

package kubetest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// claimant speaks to the grant server as the upstream claimant does: plain HTTPS, no certificate request.
type claimant struct {
	t          *testing.T
	http       *http.Client
	url, right string
}

func newClaimant(t *testing.T, g *v2alpha1.AccessGrant) *claimant {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(g.Status.CA)) {
		t.Fatal("status.ca is no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &claimant{t, &http.Client{Transport: tr, Timeout: patience}, g.Status.URL, g.Status.Code}
}

// post sends a claim and gives status and body.
func (c *claimant) post(code string, headers ...string) (int, string) {
	c.t.Helper()
	return c.send(http.MethodPost, c.url, code, headers...)
}

func (c *claimant) send(method, url, body string, headers ...string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
	}
	return resp.StatusCode, string(text)
}

// try is post with the right code to a server that may be gone, which gives 0.
func (c *claimant) try() int {
	resp, err := c.http.Post(c.url, "", strings.NewReader(c.right))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
