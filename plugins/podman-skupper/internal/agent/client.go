package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"syscall"
	"time"
)

// Client talks to the agent of an installation.
type Client struct {
	socket string
	http   *http.Client
}

// maxReply is the largest reply read, in octets.
const maxReply = 1 << 20

// ErrNoAgent says that no agent answers.
var ErrNoAgent = errors.New("the agent does not run")

// errEnds says that the agent does nothing any more, because it ends.
var errEnds = errors.New("it ends")

// NewClient makes a client of the agent with that socket. It connects when it is used.
func NewClient(socket string) *Client {
	shared := filepath.Base(filepath.Dir(socket)) != "agent"
	return &Client{socket, &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, // a command asks once or twice
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			// Outside of the home who answers may be anybody.
			if err := private(filepath.Dir(socket)); shared && err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}}
}

// Health asks how the agent is. It fails with ErrNoAgent if there is none.
func (c *Client) Health(ctx context.Context) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var h Health
	return h, c.do(ctx, http.MethodGet, "/v1/health", &h)
}

// Reconcile has the agent do a pass of a namespace now and gives what came of it. With reload the running router is
// compared with what is wanted even if nothing changed.
func (c *Client) Reconcile(ctx context.Context, namespace string, reload bool) (Report, error) {
	query := ""
	if reload {
		query = "?reload"
	}
	var r Report
	return r, c.do(ctx, http.MethodPost, "/v1/namespaces/"+url.PathEscape(namespace)+"/reconcile"+query, &r)
}

// Poke has the agent do a pass of a namespace soon.
func (c *Client) Poke(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return c.do(ctx, http.MethodPost, "/v1/namespaces/"+url.PathEscape(namespace)+"/reconcile?nowait", nil)
}

// Shutdown ends the agent. Routers run on.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/v1/shutdown", nil)
}

// dying is how long a process that was killed may take to close its sockets.
const dying = 2 * time.Second

// do makes a request. All of them may be made twice, so one that was cut off is made again: what cut it off is the end
// of the agent, and then it fails with ErrNoAgent, unless another one has its place by then.
func (c *Client) do(ctx context.Context, method, path string, into any) error {
	for end := time.Now().Add(dying); ; {
		err := c.once(ctx, method, path, into)
		cut := errors.Is(err, errEnds) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		if !cut || ctx.Err() != nil {
			return err
		}
		if time.Now().After(end) {
			if errors.Is(err, errEnds) {
				return fmt.Errorf("%w: it still ends", ErrNoAgent)
			}
			return err
		}
		time.Sleep(dying / 100)
	}
}

func (c *Client) once(ctx context.Context, method, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://agent"+path, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" && ctx.Err() == nil {
			return fmt.Errorf("%w: %w", ErrNoAgent, op.Err)
		}
		return fmt.Errorf("ask the agent: %w", errors.Unwrap(err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return fmt.Errorf("ask the agent: %w", err)
	}
	if resp.StatusCode == http.StatusServiceUnavailable {
		return fmt.Errorf("ask the agent: %w", errEnds)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the agent: %s: %s", resp.Status, body)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("ask the agent: %w", err)
	}
	return nil
}
