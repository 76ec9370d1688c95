package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"time"
)

// stuckAfter is how long nothing may move in a flow that has something to move.
const stuckAfter = 30 * time.Second

// piece is how much is written and read at once, in octets.
const piece = 32 << 10

// Ways of octets, which make the two directions of a flow different.
const (
	upward   = 'u'
	downward = 'd'
)

var (
	errCorrupt = errors.New("CORRUPT")
	errStuck   = errors.New("STUCK")
	errEarly   = fmt.Errorf("%w: an orderly end", errCorrupt)
)

// octets is the endless stream that one direction of a flow is the beginning of.
func octets(id uint64, way byte) io.Reader {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], id)
	seed[31] = way
	return rand.NewChaCha8(seed)
}

// send writes n octets of a stream.
func send(c net.Conn, stream io.Reader, n int64) error {
	var b [piece]byte
	for n > 0 {
		k := min(n, piece)
		if _, err := io.ReadFull(stream, b[:k]); err != nil {
			return err
		}
		if err := write(c, b[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

func write(c net.Conn, b []byte) error {
	_ = c.SetWriteDeadline(time.Now().Add(stuckAfter))
	_, err := c.Write(b)
	return classify(err, "write")
}

// classify tells the time-out of a flow from the end of one.
func classify(err error, what string) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %s for %v", errStuck, what, stuckAfter)
	}
	return err
}

// expect reads n octets and compares each with its stream. pause is called between pieces, if it is not nil.
func expect(c net.Conn, stream io.Reader, n int64, pause func()) error {
	var got, want [piece]byte
	for at := int64(0); at < n; {
		k := min(n-at, piece)
		if _, err := io.ReadFull(stream, want[:k]); err != nil {
			return err
		}
		_ = c.SetReadDeadline(time.Now().Add(stuckAfter))
		m, err := io.ReadFull(c, got[:k])
		if i := differ(got[:m], want[:m]); i >= 0 {
			return fmt.Errorf("%w: octet %d of %d is %#x, want %#x", errCorrupt, at+int64(i), n, got[i], want[i])
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w after %d of %d octets", errEarly, at+int64(m), n)
		}
		if err != nil {
			return classify(err, fmt.Sprintf("read after %d of %d octets", at+int64(m), n))
		}
		at += k
		if pause != nil {
			pause()
		}
	}
	return nil
}

// differ is the index of the first octet that differs, or -1.
func differ(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// expectEnd reads the orderly end of a direction.
func expectEnd(c net.Conn) error {
	var b [1]byte
	_ = c.SetReadDeadline(time.Now().Add(stuckAfter))
	n, err := c.Read(b[:])
	switch {
	case n > 0:
		return fmt.Errorf("%w: octets behind the end", errCorrupt)
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return fmt.Errorf("%w: neither octets nor an end", errCorrupt)
	}
	return classify(err, "wait for the end")
}
