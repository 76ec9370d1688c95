package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Client talks to the API server as one user, without any library of Kubernetes: what the plugin does is then seen from outside.
type Client struct {
	url, token string
	http       *http.Client
}

// maxAnswer bounds an answer, in octets.
const maxAnswer = 16 << 20

// Client is one for the user of that name.
func (s *Server) Client(user string) *Client { return NewClient(s.URL, user+"-token", s.CA) }

// NewClient is one for the API server at url, whose certificate is of ca (PEM).
func NewClient(url, token string, ca []byte) *Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &Client{url, token, &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}}
}

// answerTimeout bounds a request and its answer.
const answerTimeout = 20 * time.Second

// Do sends a document, YAML or JSON, and gives the code and the tree that came back. A PATCH is a merge patch.
func (c *Client) Do(ctx context.Context, method, path string, body []byte) (int, map[string]any, error) {
	return c.do(ctx, method, path, "application/json", body)
}

// Columns are the titles of the table that kubectl get shows of a list.
func (c *Client) Columns(ctx context.Context, path string) (titles []string, err error) {
	code, tree, err := c.do(ctx, http.MethodGet, path, "application/json;as=Table;v=v1;g=meta.k8s.io", nil)
	if err != nil || code != http.StatusOK {
		return nil, fmt.Errorf("table of %s: code %d, %w", path, code, err)
	}
	columns, _ := tree["columnDefinitions"].([]any)
	for _, column := range columns {
		if m, ok := column.(map[string]any); ok {
			titles = append(titles, fmt.Sprint(m["name"]))
		}
	}
	return titles, nil
}

// Watch gives what a list has and then each change of it, as the object, until see fails or the server ends the watch.
func (c *Client) Watch(ctx context.Context, path string, see func(object json.RawMessage) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path+"?watch=1", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	for events := json.NewDecoder(resp.Body); ; {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return fmt.Errorf("watch %s: %w", path, err)
		}
		if event.Type == "DELETED" {
			continue
		}
		if err := see(event.Object); err != nil {
			return err
		}
	}
}

func (c *Client) do(ctx context.Context, method, path, accept string, body []byte) (int, map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", accept)
	req.Header.Set("Content-Type", "application/yaml")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, nil, err
	}
	var tree map[string]any
	_ = json.Unmarshal(text, &tree) // not every answer is a document
	return resp.StatusCode, tree, nil
}

// Must is Do that wants success.
func (c *Client) Must(ctx context.Context, method, path, body string) (map[string]any, error) {
	code, tree, err := c.Do(ctx, method, path, []byte(body))
	if err == nil && code >= 300 {
		err = fmt.Errorf("%s %s: code %d: %v", method, path, code, tree["message"])
	}
	return tree, err
}

// InstallCRDs puts the definitions of the resources into the cluster and waits until they are served.
func (c *Client) InstallCRDs(ctx context.Context) error {
	const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	files, err := filepath.Glob(filepath.Join(Root(), "plugins", "kubectl-skupper", "deploy", "crds", "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there are no definitions (%w)", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if _, err := c.Must(ctx, "POST", crds, string(text)); err != nil {
			return err
		}
	}
	for _, f := range files {
		_, plural, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".yaml"), "_")
		path := "/apis/skupper.io/v2alpha1/namespaces/default/" + plural
		for {
			code, _, err := c.Do(ctx, "GET", path, nil)
			if err == nil && code == http.StatusOK {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not served: code %d, %w", path, code, err)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}
