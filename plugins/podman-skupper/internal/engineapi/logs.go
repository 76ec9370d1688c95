package engineapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Logs are the last lines that a container wrote.
func (c *Client) Logs(ctx context.Context, name string, lines int) ([]string, error) {
	resp, err := c.send(ctx, http.MethodGet, fmt.Sprintf("%s/logs?stdout=true&stderr=true&tail=%d", c.container(name), lines), nil, nil)
	if err != nil {
		return nil, err
	}
	defer drain(resp)
	if err := c.refusal(resp); err != nil {
		return nil, err
	}
	text, err := unframe(io.LimitReader(resp.Body, maxLog))
	if err != nil {
		return nil, c.cut(ctx, err)
	}
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out[max(0, len(out)-lines):], nil
}

// unframe joins the frames in which engines send the two outputs: a header of 8 octets, the last four of which are the
// length, then so many octets.
func unframe(r io.Reader) (string, error) {
	var out bytes.Buffer
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // or the limit is reached
				return out.String(), nil
			}
			return "", err
		}
		if _, err := io.CopyN(&out, r, int64(binary.BigEndian.Uint32(head[4:]))); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
}
