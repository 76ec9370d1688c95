package engineapi

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Save writes an image as an archive that Podman and Docker load.
func (c *Client) Save(ctx context.Context, ref string, to io.Writer) error {
	path := "/images/get?" + url.Values{"names": {ref}}.Encode()
	if c.platform == Podman {
		path = "/images/export?" + url.Values{"format": {"docker-archive"}, "references": {ref}}.Encode()
	}
	resp, err := c.send(ctx, http.MethodGet, c.prefix()+path, nil, nil)
	if err != nil {
		return err
	}
	defer drain(resp)
	if err := c.refusal(resp); err != nil {
		return fault.Wrap(fault.KindOf(err), "save image "+ref, err, fault.Hint(err))
	}
	if _, err := io.Copy(to, resp.Body); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err // of the writer, or an answer that ended too early
	}
	return nil
}

// unpacked reads an archive that may be packed by gzip, which Podman's interface takes as little as podman load minds. Nothing is
// read before the engine asks for it: the archive may be a pipe in which there is nothing yet.
type unpacked struct {
	archive *bufio.Reader
	r       io.Reader // nil: nobody has looked yet
}

// Read implements io.Reader.
func (u *unpacked) Read(p []byte) (int, error) {
	if u.r == nil {
		u.r = u.archive
		if head, err := u.archive.Peek(2); err == nil && head[0] == 0x1f && head[1] == 0x8b {
			z, err := gzip.NewReader(u.archive)
			if err != nil {
				return 0, fault.Wrap(fault.Failed, "unpack the archive", err, "")
			}
			u.r = z
		}
	}
	return u.r.Read(p)
}

// Load makes the images of an archive, which may be packed by gzip, known to the engine, and gives their names.
func (c *Client) Load(ctx context.Context, archive io.Reader) ([]string, error) {
	path := "/images/load"
	if c.platform == Docker {
		path += "?quiet=1"
	}
	resp, err := c.send(ctx, http.MethodPost, c.prefix()+path, &unpacked{archive: bufio.NewReader(archive)}, http.Header{"Content-Type": {"application/x-tar"}})
	if err != nil {
		return nil, err
	}
	defer drain(resp)
	if err := c.refusal(resp); err != nil {
		return nil, err
	}
	var names []string
	for dec := json.NewDecoder(&bounded{r: resp.Body}); ; {
		var m struct {
			message
			Names []string `json:"Names"` // Podman, once
		}
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return names, nil
		} else if err != nil {
			return names, c.cut(ctx, err)
		}
		if m.Error != "" {
			return names, fault.New(fault.Engine, c.platform+" says: "+oneLine(m.Error), "")
		}
		names = append(names, m.Names...)
		for _, word := range []string{"Loaded image: ", "Loaded image ID: "} { // Docker
			if name, ok := strings.CutPrefix(oneLine(m.Stream), word); ok {
				names = append(names, name)
			}
		}
	}
}
