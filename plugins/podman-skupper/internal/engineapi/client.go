package engineapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Client is an engine that answered. It is safe for concurrent use. It holds nothing between requests: an engine that its
// socket starts ends by itself when nobody is connected.
type Client struct {
	platform string
	path     string // of the socket
	version  string
	spoken   string // version of the interface that is spoken, where it is not the one known here; empty: that one
	waits    waits
	http     *http.Client
}

// dialWait bounds the connect alone: a socket whose engine hangs accepts nothing.
const dialWait = 5 * time.Second

// waits are how long an engine may take.
type waits struct {
	greet time.Duration // for its first answer: one that its socket starts is on its way
	ask   time.Duration // for a question that it answers by itself
	work  time.Duration // for what it has to do something for, such as copying an image
	stall time.Duration // from one word to the next while it pulls or imports: it need not tell of a layer until it has it
}

// patient are those of people's engines.
func patient() waits {
	return waits{greet: 20 * time.Second, ask: time.Minute, work: 5 * time.Minute, stall: 10 * time.Minute}
}

// Open reaches the engine of a platform at an endpoint (see Endpoint), and tells why it cannot be used.
func Open(ctx context.Context, platform, endpoint string) (*Client, error) {
	return patient().open(ctx, platform, endpoint)
}

func (w waits) open(ctx context.Context, platform, endpoint string) (*Client, error) {
	path, err := socketPath(endpoint)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: dialWait}
	c := &Client{platform: platform, path: path, waits: w, http: &http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) },
		DisableKeepAlives: true,
	}}}
	err = c.greet(ctx)
	if err == nil {
		err = c.agree(ctx)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Version is the engine's own, or that of its interface where it does not tell.
func (c *Client) Version() string { return c.version }

// Older tells whether that is before major.minor.
func (c *Client) Older(major, minor int) bool { return older(c.version, major, minor) }

// Platform is the one it was opened for.
func (c *Client) Platform() string { return c.platform }

// greet asks who answers. The headers of this request are all that is quick: /version and /info take seconds.
func (c *Client) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.waits.greet)
	defer cancel()
	resp, err := c.send(ctx, http.MethodGet, "/_ping", nil, nil)
	if err != nil {
		return err
	}
	defer drain(resp)
	libpod, api := resp.Header.Get("Libpod-API-Version"), resp.Header.Get("Api-Version")
	switch {
	case resp.StatusCode != http.StatusOK || libpod == "" && api == "":
		return fault.New(fault.Engine, fmt.Sprintf("what answers at %s is no container engine (status %d)", c.path, resp.StatusCode), "set CONTAINER_ENDPOINT to the engine's socket")
	case c.platform == Docker:
		if c.version = api; older(api, 1, 40) {
			return fault.New(fault.Engine, fmt.Sprintf("the Docker at %s is too old: its interface is version %s, want 1.40 (Docker 19.03) or later", c.path, api), "upgrade Docker")
		}
	case libpod == "":
		return fault.New(fault.Engine, "what answers at "+c.path+" is Docker, not Podman", "use --platform docker")
	default:
		if c.version = libpod; older(libpod, 4, 0) {
			return fault.New(fault.Engine, fmt.Sprintf("the Podman at %s is too old: version %s, want 4.0 or later", c.path, libpod), "upgrade Podman")
		}
	}
	return nil
}

// older tells whether a version such as 4.3.1 is before major.minor. One that is no version is.
func older(version string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(version, "%d.%d", &a, &b); n < 2 {
		return true
	}
	return a < major || a == major && b < minor
}

// send sends one request. The caller closes the answer's body.
func (c *Client) send(ctx context.Context, method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, body)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return resp, nil
}

// ask sends a request that the engine answers by itself, and reads its JSON answer into out.
func (c *Client) ask(ctx context.Context, path string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.waits.ask)
	defer cancel()
	return c.call(ctx, http.MethodGet, path, nil, out)
}

// order sends a request, with a JSON body if any, for which the engine has to do something.
func (c *Client) order(ctx context.Context, method, path string, in any) error {
	ctx, cancel := context.WithTimeout(ctx, c.waits.work)
	defer cancel()
	return c.call(ctx, method, path, in, nil)
}

// call sends a request with a JSON body, if any, and reads a JSON answer into out, if that is not nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	header := http.Header{}
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body, header = bytes.NewReader(b), http.Header{"Content-Type": {"application/json"}}
	}
	resp, err := c.send(ctx, method, path, body, header)
	if err != nil {
		return err
	}
	defer drain(resp)
	if err := c.refusal(resp); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return c.cut(ctx, err)
	}
	return nil
}

// cut is the error of an answer that ended too early or is no JSON.
func (c *Client) cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return c.unreachable(ctx, ctx.Err())
	}
	if brokenOff(err) {
		return c.unreachable(ctx, err)
	}
	return fault.Wrap(fault.Engine, "read the answer of "+c.platform, err, "")
}

// refusal is the error of an answer, nil if it is none.
func (c *Client) refusal(resp *http.Response) error {
	if resp.StatusCode < 300 || resp.StatusCode == http.StatusNotModified { // that: it was so already
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxWords)) // without words the status has to do
	var said struct{ Cause, Message string }
	text := strings.TrimSpace(string(b))
	if json.Unmarshal(b, &said) == nil && said.Message != "" {
		text = said.Message
	}
	if text = oneLine(text); text == "" {
		text = resp.Status
	}
	kind := fault.Engine
	switch resp.StatusCode {
	case http.StatusNotFound:
		kind = fault.Missing
	case http.StatusConflict:
		kind = fault.Conflict
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = fault.Denied
	}
	return fault.New(kind, c.platform+" says: "+text, "")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// drain reads what little is left of an answer, so that the engine is not cut off, and closes it.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxWords) // what it has not said by then does not matter
	_ = resp.Body.Close()
}

// escape makes a name a part of a path.
func escape(name string) string { return url.PathEscape(name) }

// isTimeout tells whether the engine did not answer in time.
func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
