package engineapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Image finds an image that the engine has; fault.Missing if it has none of that name.
func (c *Client) Image(ctx context.Context, ref string) (Image, error) {
	var out struct{ ID, Architecture string } // Docker spells it Id: JSON names are found whatever their case
	err := steadily(ctx, stumbled, func() error { return c.ask(ctx, c.prefix()+"/images/"+escapeRef(ref)+"/json", &out) })
	return Image{ID: out.ID, Architecture: out.Architecture}, err
}

// escapeRef keeps the slashes of a reference, which engines expect as they are.
func escapeRef(ref string) string { return strings.ReplaceAll(escape(ref), "%2F", "/") }

// message is one of those that pull and import send while they work.
type message struct {
	Stream string `json:"stream"` // Podman
	Status string `json:"status"` // Docker
	ID     string `json:"id"`
	Error  string `json:"error"`
	Detail struct {
		Total int64 `json:"total"`
	} `json:"progressDetail"`
}

// Pull gets an image from its registry. What the engine says meanwhile goes to say, line by line.
func (c *Client) Pull(ctx context.Context, ref string, auth Credentials, say func(string)) error {
	path := "/images/create?" + url.Values{"fromImage": {ref}}.Encode()
	if c.platform == Podman {
		path = "/images/pull?" + url.Values{"reference": {ref}, "policy": {"always"}}.Encode()
	}
	header := http.Header{}
	if auth != (Credentials{}) {
		b, err := json.Marshal(auth)
		if err != nil {
			return err
		}
		header.Set("X-Registry-Auth", base64.URLEncoding.EncodeToString(b))
	}
	err := c.stream(ctx, path, nil, header, say)
	if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return err
	}
	registry, _, _ := strings.Cut(ref, "/")
	kind, hint := fault.KindOf(err), fault.Hint(err)
	if hint == "" {
		hint = "see that this machine reaches " + registry + "; without it: " + c.platform + " load -i FILE, or --engine embedded"
	}
	// Of what the registry said the engine hands on nothing but words.
	if words := strings.ToLower(err.Error()); strings.Contains(words, "unauthorized") || strings.Contains(words, "denied") {
		kind, hint = fault.Denied, c.platform+" login "+registry+", or --engine embedded"
	}
	return fault.Wrap(kind, "pull "+ref, err, hint)
}

// Import makes an image of a file system, as a tar archive, with changes as in a Dockerfile.
func (c *Client) Import(ctx context.Context, ref string, changes []string, tar io.Reader) error {
	header := http.Header{"Content-Type": {"application/x-tar"}}
	query := url.Values{"changes": changes}
	if c.platform == Podman {
		query.Set("reference", ref)
		return c.stream(ctx, "/images/import?"+query.Encode(), tar, header, nil)
	}
	query.Set("fromSrc", "-")
	query.Set("repo", ref) // with its tag, as Podman in Docker's place does not look at the parameter tag
	return c.stream(ctx, "/images/create?"+query.Encode(), tar, header, nil)
}

// RemoveImage removes an image that no container uses. That there is none is no error.
func (c *Client) RemoveImage(ctx context.Context, ref string) error {
	err := steadily(ctx, stumbled, func() error { // it looks whose containers are made of it
		return c.order(ctx, http.MethodDelete, c.prefix()+"/images/"+escapeRef(ref), nil)
	})
	if fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// stream sends a request whose answer is messages until the work is done. One of them may say that it failed.
func (c *Client) stream(ctx context.Context, path string, body io.Reader, header http.Header, say func(string)) error {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stalled := time.AfterFunc(c.waits.stall, cancel)
	defer stalled.Stop()
	err := c.messages(ctx, path, body, header, func(text string) {
		stalled.Reset(c.waits.stall)
		if text != "" && say != nil {
			say(text)
		}
	})
	if err != nil && ctx.Err() != nil && outer.Err() == nil {
		return fault.New(fault.Late, fmt.Sprintf("the %s at %s has said nothing for %v", c.platform, c.path, c.waits.stall), "see that its registry can be reached, and restart it; or use --engine embedded")
	}
	return err
}

// messages is stream, and tells of each message that came; the text may be empty.
func (c *Client) messages(ctx context.Context, path string, body io.Reader, header http.Header, came func(string)) error {
	resp, err := c.send(ctx, http.MethodPost, c.prefix()+path, body, header)
	if err != nil {
		return err
	}
	defer drain(resp)
	if err := c.refusal(resp); err != nil {
		return err
	}
	for dec := json.NewDecoder(&bounded{r: resp.Body}); ; {
		var m message
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return c.cut(ctx, err)
		}
		if m.Error != "" {
			return fault.New(fault.Engine, c.platform+" says: "+oneLine(m.Error), "")
		}
		came(m.text())
	}
}

// text is a message for people; empty for one that only moves a bar.
func (m message) text() string {
	switch {
	case m.Stream != "":
		return oneLine(m.Stream)
	case m.Status == "" || m.Detail.Total != 0:
		return ""
	case m.ID != "":
		return oneLine(m.ID + ": " + m.Status)
	}
	return oneLine(m.Status)
}

// bounded refuses a stream that is longer than any can be.
type bounded struct {
	r io.Reader
	n int64
}

// maxStream is how many octets of messages a pull may send.
const maxStream = 64 << 20

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.n > maxStream {
		return 0, errors.New("the engine says more than can be")
	}
	n, err := b.r.Read(p[:min(len(p), maxLine)])
	b.n += int64(n)
	return n, err
}
