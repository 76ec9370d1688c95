package routertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// A bulk exchange goes both ways at once: the client sends a head of two numbers and that many octets of noise, then FIN; the server
// sends as many octets as it was asked for, and after the client's FIN the checksum of all it got. Both check what they get.
const bulkHead = 16

// noise is the octets that one direction carries, the same at both ends.
func noise(n int64, way byte) io.Reader {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(n))
	seed[31] = way
	return io.LimitReader(rand.NewChaCha8(seed), n)
}

// BulkServer is the server for [Bulk].
func BulkServer(tb testing.TB) *Service {
	tb.Helper()
	return Serve(tb, func(c *net.TCPConn) {
		if err := serveBulk(c); err != nil {
			tb.Logf("bulk server: %v", err)
		}
	})
}

func serveBulk(c *net.TCPConn) error {
	var head [bulkHead]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return err
	}
	down := int64(binary.LittleEndian.Uint64(head[8:]))
	sent := make(chan error, 1)
	go func() { _, err := io.Copy(c, noise(down, 'd')); sent <- err }()
	sum := sha256.New()
	_, err := io.Copy(sum, c)
	if err != nil {
		_ = c.Close()
	}
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	_, err = c.Write(sum.Sum(nil))
	return err
}

// Dial connects to addr. The connection is closed when ctx ends.
func Dial(ctx context.Context, addr string) (*net.TCPConn, func(), error) {
	var d net.Dialer
	n, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = n.SetDeadline(time.Unix(1, 0)) })
	return n.(*net.TCPConn), func() { stop(); _ = n.Close() }, nil
}

// Bulk exchanges up and down octets with a [BulkServer] behind addr and checks every one of them.
func Bulk(ctx context.Context, addr string, up, down int64) error {
	c, done, err := Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer done()
	return BulkOver(c, up, down)
}

// BulkOver is Bulk over an open connection.
func BulkOver(c *net.TCPConn, up, down int64) error {
	head := binary.LittleEndian.AppendUint64(nil, uint64(up))
	head = binary.LittleEndian.AppendUint64(head, uint64(down))
	sum := sha256.New()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(head)
		if err == nil {
			_, err = io.Copy(c, io.TeeReader(noise(up, 'u'), sum))
		}
		if err == nil {
			err = c.CloseWrite()
		}
		sent <- err
	}()
	err := compare(c, noise(down, 'd'))
	var theirs []byte
	if err == nil {
		theirs, err = io.ReadAll(io.LimitReader(c, sha256.Size+1))
	}
	if err != nil {
		_ = c.Close()
	}
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if !bytes.Equal(theirs, sum.Sum(nil)) {
		return fmt.Errorf("the server has got something else than was sent: checksum of %d octets", len(theirs))
	}
	return nil
}

// compare reads as much as want holds and checks it.
func compare(got, want io.Reader) error {
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for off := int64(0); ; {
		n, err := io.ReadFull(want, a)
		if n == 0 {
			return nil
		}
		if m, err := io.ReadFull(got, b[:n]); err != nil {
			return fmt.Errorf("after %d octets: %w", off+int64(m), err)
		}
		if !bytes.Equal(a[:n], b[:n]) {
			return fmt.Errorf("octets between %d and %d are not those that were sent", off, off+int64(n))
		}
		off += int64(n)
		if err != nil {
			return nil //nolint:nilerr // noise is over
		}
	}
}
