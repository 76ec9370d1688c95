package tcp

import (
	"net"
	"sync/atomic"
	"time"
)

// Books are where flows are recorded. The methods are called on any goroutine and must not block.
type Books interface {
	// Accepted begins the entry of a client's connection, which goes to the target of that name. Its ID is told to the router of the connector.
	Accepted(since time.Time, target string, client net.Addr, c *Count) Entry
	// Offered begins the entry of a stream that came to a connector: id is what the router that accepted it calls it, "" if it does not, and trace is the
	// routers on its way.
	Offered(id string, trace []string, c *Count) Entry
}

// Entry is one flow in the books.
type Entry interface {
	ID() string                 // "" for one that is not in the books
	Connected(local net.Addr)   // to the server
	Ended(t time.Time, e error) // e is nil when both directions have come to their end
}

// noBooks takes everything and does nothing.
type noBooks struct{}

func (noBooks) Accepted(time.Time, string, net.Addr, *Count) Entry { return noEntry{} }
func (noBooks) Offered(string, []string, *Count) Entry             { return noEntry{} }

type noEntry struct{}

func (noEntry) ID() string             { return "" }
func (noEntry) Connected(net.Addr)     {}
func (noEntry) Ended(time.Time, error) {}

// Count is what a flow has carried.
type Count struct {
	in, out           atomic.Uint64 // octets
	firstIn, firstOut atomic.Int64  // nanoseconds since 1970; 0 before
}

// add counts octets: input is from the socket. One goroutine at a time adds in each direction.
func (c *Count) add(n int, input bool) {
	total, first := &c.out, &c.firstOut
	if input {
		total, first = &c.in, &c.firstIn
	}
	if total.Add(uint64(n)) == uint64(n) && n > 0 {
		first.Store(time.Now().UnixNano())
	}
}

// Octets are those from and to the flow's socket.
func (c *Count) Octets() (in, out uint64) { return c.in.Load(), c.out.Load() }

// First is when the first of them came; zero before.
func (c *Count) First() (in, out time.Time) { return at(&c.firstIn), at(&c.firstOut) }

func at(t *atomic.Int64) time.Time {
	if n := t.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}
