package load

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// Bulk is how much went through a tunnel in one direction at full speed.
type Bulk struct {
	Octets int64 // received
	Spent  proc.Spent
}

// Bulk sends octets over some connections at once, to the client if down is set, for warm and then for d, which is measured.
func (c *Client) Bulk(ctx context.Context, flows int, down bool, warm, d time.Duration) (Bulk, error) {
	conns := make([]*net.TCPConn, 0, flows)
	defer func() {
		for _, n := range conns {
			_ = n.SetLinger(0) // what is under way is of no use to anybody
			_ = n.Close()
		}
	}()
	want := byte(wantSink)
	if down {
		want = wantSource
	}
	for range flows {
		n, done, err := c.open(ctx, want)
		if err != nil {
			return Bulk{}, err
		}
		defer done()
		conns = append(conns, n)
	}
	var (
		arrived atomic.Int64 // at the client
		over    atomic.Bool
		failed  = make(chan error, flows)
		all     sync.WaitGroup
	)
	count := func() (int64, error) { return arrived.Load(), nil }
	if !down {
		sunk, done, err := c.sunk(ctx)
		if err != nil {
			return Bulk{}, err
		}
		defer done()
		count = sunk
	}
	for _, n := range conns {
		all.Go(func() {
			err := pour(n, down, &arrived)
			if !over.Load() {
				failed <- err
			}
		})
	}
	b, err := c.measure(ctx, count, warm, d)
	over.Store(true)
	for _, n := range conns {
		_ = n.SetDeadline(time.Unix(1, 0))
	}
	all.Wait()
	select {
	case lost := <-failed:
		err = errors.Join(lost, err)
	default:
	}
	if err == nil && b.Octets == 0 {
		err = errors.New("nothing arrived")
	}
	return b, err
}

// pour sends or receives until the connection ends.
func pour(n net.Conn, down bool, arrived *atomic.Int64) error {
	b := make([]byte, chunk)
	for {
		if down {
			k, err := n.Read(b)
			arrived.Add(int64(k))
			if err != nil {
				return unexpected(err)
			}
		} else if _, err := n.Write(b); err != nil {
			return err
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// measure waits for warm and measures for d.
func (c *Client) measure(ctx context.Context, count func() (int64, error), warm, d time.Duration) (Bulk, error) {
	if err := Sleep(ctx, warm); err != nil {
		return Bulk{}, err
	}
	w, err := c.Window()
	if err != nil {
		return Bulk{}, err
	}
	before, err := count()
	if err != nil {
		return Bulk{}, err
	}
	if err := Sleep(ctx, d); err != nil {
		return Bulk{}, err
	}
	after, err := count()
	if err != nil {
		return Bulk{}, err
	}
	spent, err := w.Close()
	return Bulk{Octets: after - before, Spent: spent}, err
}

// Sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
