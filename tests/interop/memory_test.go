package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// tight is a router of ours as in a container of 64 MiB.
func tight(p routertest.Runner) routertest.Runner {
	r := p.(routertest.Program)
	r.Env = append(r.Env, "GOMEMLIMIT=60000000")
	return r
}

// slowly reads octets that are all the same, a part at a time.
func slowly(c net.Conn, n int, pause time.Duration) error {
	b := make([]byte, 64<<10)
	for at := 0; ; {
		k, err := c.Read(b)
		at += k
		switch {
		case bytes.Count(b[:k], []byte{'x'}) < k:
			return fmt.Errorf("octets after %d are not those that were sent", at-k)
		case errors.Is(err, io.EOF) && at == n:
			return nil
		case err != nil:
			return fmt.Errorf("after %d octets of %d: %w", at, n, err)
		}
		time.Sleep(pause)
	}
}

// TestMemoryLimit has a router of ours with little memory at a real one, and flows and messages both ways whose readers are slow: the peer that is made to
// wait, of either make, goes on when it can, nobody is reset, and what is read at once comes at once.
func TestMemoryLimit(t *testing.T) {
	m, real, ours := mesh(t)
	a, b := m.Add("REAL", real), m.Add("OURS", tight(ours))
	m.Link("OURS", "REAL")
	m.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	const size, readers = 3 << 20, 20
	talks := routertest.Serve(t, func(c *net.TCPConn) { _, _ = c.Write(bytes.Repeat([]byte{'x'}, size)) })
	bulk := routertest.BulkServer(t)
	var all sync.WaitGroup
	for _, way := range [][2]*routertest.Node{{a, b}, {b, a}} {
		near, far := way[0], way[1]
		far.Connect("talks-"+far.ID, "talks-"+far.ID, talks.Port)
		far.Connect("bulk-"+far.ID, "bulk-"+far.ID, bulk.Port)
		slow, quick := near.Listen("slow-"+near.ID, "talks-"+far.ID), near.Listen("quick-"+near.ID, "bulk-"+far.ID)
		near.AwaitListener("slow-"+near.ID, true)
		near.AwaitListener("quick-"+near.ID, true)
		for i := range readers {
			all.Go(func() {
				c, done, err := routertest.Dial(ctx, slow)
				if err == nil {
					defer done()
					_ = c.SetReadBuffer(32 << 10)
					err = slowly(c, size, 50*time.Millisecond)
				}
				if err != nil {
					t.Errorf("reader %d at %s: %v", i, near.ID, err)
				}
			})
		}
		all.Go(func() {
			for range 10 {
				if err := routertest.Bulk(ctx, quick, 300_000, 300_000); err != nil {
					t.Errorf("beside slow readers at %s: %v", near.ID, err)
				}
			}
		})
		for i := range 3 {
			addr := fmt.Sprint("mail-", far.ID, i)
			all.Go(func() {
				if err := mail(ctx, far, near, addr, 3, 8<<20); err != nil {
					t.Errorf("messages from %s to %s: %v", far.ID, near.ID, err)
				}
			})
		}
	}
	all.Wait()
}

// mail sends large messages that are taken slowly: the receiver asks for the next one late.
func mail(ctx context.Context, from, to *routertest.Node, addr string, count, size int) error {
	receive, err := manage.Connect(ctx, manage.Options{URL: to.URL()})
	if err != nil {
		return err
	}
	defer func() { _ = receive.Close() }()
	send, err := manage.Connect(ctx, manage.Options{URL: from.URL()})
	if err != nil {
		return err
	}
	defer func() { _ = send.Close() }()
	rs, err := receive.NewSession(ctx, nil)
	if err != nil {
		return err
	}
	r, err := rs.NewReceiver(ctx, addr, &amqp.ReceiverOptions{Credit: 1})
	if err != nil {
		return err
	}
	ss, err := send.NewSession(ctx, nil)
	if err != nil {
		return err
	}
	s, err := ss.NewSender(ctx, addr, nil)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() {
		for i := range count {
			if err := s.Send(ctx, amqp.NewMessage(bytes.Repeat([]byte{byte(i)}, size)), nil); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for i := range count {
		time.Sleep(300 * time.Millisecond)
		m, err := r.Receive(ctx, nil)
		if err != nil {
			return errors.Join(err, ctx.Err())
		}
		if d := m.GetData(); len(d) != size || bytes.Count(d, []byte{byte(i)}) != size {
			return fmt.Errorf("message %d came with %d octets", i, len(d))
		}
		if err := r.AcceptMessage(ctx, m); err != nil {
			return err
		}
	}
	return <-sent
}
