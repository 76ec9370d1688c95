// Package chunk has the pooled buffers that carry stream octets from a socket to a connection's writer.
//
// A chunk has one owner at a time. Whoever takes it over either hands it on or frees it; an idle flow owns none.
package chunk

import (
	"sync"
	"sync/atomic"
)

// Size is the room of one chunk in octets: four of the frames that peers negotiate by default (16384 octets), so that a chunk of full
// frames is four full TLS records.
const Size = 64 << 10

// Chunk is a buffer with a filled part B[Start:End].
type Chunk struct {
	Start, End int // octets; the filled part of B
	B          [Size]byte
}

// Pool hands out chunks. The zero value is ready for use, and has no bound.
type Pool struct {
	p       sync.Pool
	out     atomic.Int64
	budget  atomic.Int64 // in chunks; 0: none
	holders holders
	starved atomic.Bool // somebody waits for room in the budget
	lenient atomic.Bool // waiting has not helped: nobody is asked to wait
	plenty  func()      // says that nobody has to wait any more
}

// Out is how many chunks have owners: not put back yet.
func (p *Pool) Out() int { return int(p.out.Load()) }

// Get returns an empty chunk.
func (p *Pool) Get() *Chunk {
	p.out.Add(1)
	if c, ok := p.p.Get().(*Chunk); ok {
		c.Start, c.End = 0, 0
		return c
	}
	return new(Chunk)
}

// Put takes c back. The caller must not use it any more; nil is allowed.
func (p *Pool) Put(c *Chunk) {
	if c != nil {
		p.out.Add(-1)
		p.p.Put(c)
		p.feed()
	}
}

// Bytes is the filled part.
func (c *Chunk) Bytes() []byte { return c.B[c.Start:c.End] }

// Room is the number of octets that can still be appended.
func (c *Chunk) Room() int { return Size - c.End }

// Append copies as much of p as there is room for and returns how much that was.
func (c *Chunk) Append(p []byte) int {
	n := copy(c.B[c.End:], p)
	c.End += n
	return n
}
