package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/accept"
)

// server is the far end of all flows.
type server struct {
	*accept.Server
	ledger *ledger
}

func serve(ctx context.Context, l *ledger) (s *server, err error) {
	s = &server{ledger: l}
	s.Server, err = accept.Start(ctx, "127.0.0.1:0", s.flow)
	return s, err
}

// flow is the server's part in a plan. What goes wrong is judged here too: the client may have gone before the end.
func (s *server) flow(c *net.TCPConn) {
	began := time.Now()
	var head [planSize]byte
	_ = c.SetReadDeadline(began.Add(stuckAfter))
	if n, err := io.ReadFull(c, head[:]); err != nil {
		// A client that resets soon takes what it has sent with it, and one that found its flow cut before it began says
		// nothing. What is lost otherwise is missed by the client.
		if err = classify(err, "read of the head"); n > 0 && errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errStuck) {
			s.ledger.fail(fmt.Errorf("server: %d octets of a head: %w", n, err))
		}
		return
	}
	p, err := decode(head[:])
	if err != nil {
		s.ledger.fail(fmt.Errorf("%w: server: %w", errCorrupt, err))
		return
	}
	err = play(c, p)
	if p.kind == clientAbort {
		if err == nil || errors.Is(err, errCorrupt) || errors.Is(err, errStuck) {
			s.ledger.fail(fmt.Errorf("server: %v flow of %d up: the client's reset was not seen as one: %w", p.kind, p.up, orNil(err)))
		}
		return
	}
	if err != nil && p.kind != serverAbort {
		s.ledger.lost(began, "server", p.kind.String(), err)
	}
}

var errNothing = errors.New("no error")

func orNil(err error) error {
	if err == nil {
		return errNothing
	}
	return err
}

// play does what the plan wants of the server, and ends with the number of octets that were right, for the client.
func play(c *net.TCPConn, p plan) error {
	up, down := octets(p.id, upward), octets(p.id, downward)
	switch p.kind {
	case answer:
		if err := send(c, down, p.down); err != nil {
			return err
		}
		if err := c.CloseWrite(); err != nil {
			return err
		}
		return receive(c, up, p)
	case ask:
		if err := receive(c, up, p); err != nil {
			return err
		}
		if err := send(c, down, p.down); err != nil {
			return err
		}
		return trailer(c, p)
	case serverAbort:
		err := send(c, down, p.down/2)
		_ = c.SetLinger(0)
		return err
	case clientAbort: // one after the other, see both
		if err := send(c, down, p.down); err != nil {
			return err
		}
		return receive(c, up, p)
	}
	sent := make(chan error, 1)
	go func() { sent <- send(c, down, p.down) }()
	err := receive(c, up, p)
	if err != nil {
		_ = c.Close() // the other half need not go on
	}
	if err := both(err, <-sent); err != nil {
		return err
	}
	return trailer(c, p)
}

// both judges what reading and writing at the same time have come to. The kernel tells of a reset once, to whoever calls
// first, and of an end from then on: an end that comes too soon is a reset if the writer has heard of it. That may also be
// the answer to octets behind a wrong end; the kinds that do one after the other find those.
func both(read, write error) error {
	if read == nil || errors.Is(read, errEarly) && errors.Is(write, syscall.ECONNRESET) {
		return write
	}
	return read
}

// first is the first error that there is: the second one often follows from it.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func receive(c net.Conn, up io.Reader, p plan) error {
	if err := expect(c, up, p.up, nil); err != nil {
		return err
	}
	return expectEnd(c)
}

// trailer tells the client that all it sent has arrived.
func trailer(c *net.TCPConn, p plan) error {
	if err := write(c, binary.BigEndian.AppendUint64(nil, uint64(p.up))); err != nil {
		return err
	}
	return c.CloseWrite()
}
