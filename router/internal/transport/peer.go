package transport

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/frame"
)

// Receiver is told what a connection reports. Events is called by the connection's reader only, never with a lock held; payloads are valid
// during the call. It must not block.
type Receiver interface {
	Events(evs []conn.Event)
}

// Peer is a running connection. Its methods may be called from any goroutine.
type Peer struct {
	sock    *Socket
	traffic *Traffic // nil: nobody counts
	tracer  Tracer   // nil: nobody traces
	pool    *chunk.Pool
	wake    chan struct{}
	// reading is set while the reader waits for octets.
	reading atomic.Bool

	mu      sync.Mutex
	room    sync.Cond
	c       *conn.Conn
	over    bool // the reader is gone
	timer   *time.Timer
	armed   time.Time    // when timer fires; zero while nobody knows
	doubted bool         // the peer was silent for too long the last time that the timer fired
	pending []conn.Event // from the timer, for the reader
	waiting []waiter     // of WhenRoom
}

// NewPeer makes a connection over sock, which has done its handshake. [Peer.Run] drives it.
func NewPeer(sock *Socket, cfg conn.Config) *Peer {
	if cfg.Chunks == nil {
		cfg.Chunks = &chunk.Pool{}
	}
	p := &Peer{sock: sock, pool: cfg.Chunks, wake: make(chan struct{}, 1), c: conn.New(cfg, time.Now())}
	p.room.L = &p.mu
	return p
}

// Traffic is what connections have carried, in octets of AMQP.
type Traffic struct{ In, Out atomic.Uint64 }

// Count has the octets of the connection added to t. Call it before Run.
func (p *Peer) Count(t *Traffic) { p.traffic = t }

// Socket is the socket of the connection.
func (p *Peer) Socket() *Socket { return p.sock }

// Run drives the connection until it is over and returns why: nil after an orderly close. When ctx ends the connection is closed in order.
func (p *Peer) Run(ctx context.Context, r Receiver) error {
	stop := context.AfterFunc(ctx, func() {
		p.Do(func(c *conn.Conn) {
			c.Close(&frame.Error{Condition: "amqp:connection:forced", Description: "the router is shutting down"})
		})
		time.AfterFunc(time.Second, func() { _ = p.sock.Close() })
	})
	defer stop()
	p.mu.Lock()
	p.timer = time.AfterFunc(time.Hour, p.tick)
	p.arm()
	p.mu.Unlock()
	writer := make(chan struct{})
	go p.write(writer)
	err := p.read(r)
	p.kick()
	p.mu.Lock()
	p.timer.Stop()
	p.mu.Unlock()
	<-writer
	if err == nil {
		p.sock.linger()
	}
	_ = p.sock.Close()
	if e := p.c.Err(); e != nil { // reader and writer are gone: nobody changes it any more
		return e
	}
	return err
}

// read is the reader goroutine.
func (p *Peer) read(r Receiver) error {
	buf := make([]byte, 96<<10)
	var evs []conn.Event
	var err error
	from, to := 0, 0
	for more := false; ; {
		if from == to {
			from, to = 0, 0
		} else if len(buf)-to < 1<<14 {
			to = copy(buf, buf[from:to])
			from = 0
			if len(buf)-to < 1<<14 { // one frame is larger than the buffer; its size was checked
				buf = append(buf, make([]byte, len(buf))...)
			}
		}
		if !more { // else there is enough to do
			var n int
			p.reading.Store(true)
			n, err = p.sock.readBatch(buf[to:])
			p.reading.Store(false)
			to += n
			if p.traffic != nil {
				p.traffic.In.Add(uint64(n))
			}
		}
		p.mu.Lock()
		p.doubted = false
		closed := p.c.Done() // then an error is only the socket's end
		var used int
		used, evs = p.c.Input(time.Now(), buf[from:to], evs[:0])
		consumed := buf[from : from+used]
		from += used
		if more = p.c.More(); err != nil && !more {
			evs = p.c.Lost(evs, cause(err))
		}
		if p.c.Done() {
			evs = append(p.pending, evs...)
			p.pending = nil
			p.over = true
			p.room.Broadcast()
		}
		p.arm()
		kick, done := p.c.HasOutput(), p.over
		var ready []waiter
		if done {
			ready = p.ready()
		}
		p.mu.Unlock()
		for _, w := range ready {
			w.f()
		}
		p.trace(true, consumed)
		r.Events(evs)
		clear(evs)
		if kick {
			p.kick()
		}
		if done {
			if errors.Is(err, io.EOF) || closed {
				return nil
			}
			return err
		}
	}
}

// PeerGone is the description of the end of a connection whose peer closed the socket without a word.
const PeerGone = "the peer closed the connection"

func cause(err error) string {
	if errors.Is(err, io.EOF) {
		return PeerGone
	}
	return err.Error()
}

// write is the writer goroutine.
func (p *Peer) write(done chan<- struct{}) {
	defer close(done)
	var out []*chunk.Chunk
	for {
		p.mu.Lock()
		out = p.c.TakeOutput(time.Now(), out[:0])
		over, closed := p.over, p.c.Done()
		var ready []waiter
		if len(p.waiting) > 0 {
			ready = p.ready()
		}
		p.room.Broadcast()
		p.arm()
		p.mu.Unlock()
		for _, w := range ready {
			w.f()
		}
		var err error
		written := 0
		for i, k := range out {
			if err == nil {
				p.trace(false, k.Bytes())
				_, err = p.sock.conn.Write(k.Bytes())
				written += len(k.Bytes())
			}
			p.pool.Put(k)
			out[i] = nil
		}
		if err == nil && len(out) > 0 {
			err = p.sock.raw.flush()
		}
		if p.traffic != nil {
			p.traffic.Out.Add(uint64(written))
		}
		switch {
		case err != nil:
			_ = p.sock.Close() // the reader finds out
			p.drop()
			return
		case len(out) > 0:
			continue
		case over || closed:
			p.sock.closeNotify()
			if !over { // the reader may be waiting for a peer that says nothing
				_ = p.sock.raw.SetReadDeadline(time.Now())
			}
			return
		}
		<-p.wake
	}
}

// drop waits for the reader to end and frees the output that nobody will write.
func (p *Peer) drop() {
	var out []*chunk.Chunk
	for {
		p.mu.Lock()
		out = p.c.TakeOutput(time.Now(), out[:0])
		over := p.over
		p.room.Broadcast()
		p.mu.Unlock()
		for _, k := range out {
			p.pool.Put(k)
		}
		if over {
			return
		}
		<-p.wake
	}
}

func (p *Peer) kick() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// arm sets the timer to the next deadline of the connection when that is sooner than it would fire. p.mu is held.
func (p *Peer) arm() {
	at := p.c.NextDeadline()
	if at.IsZero() || p.over || !p.armed.IsZero() && !at.Before(p.armed) {
		return
	}
	p.armed = at
	p.timer.Reset(max(time.Until(at), time.Millisecond))
}

// lastChance is how long a peer that was silent for too long is listened to all the same.
const lastChance = 500 * time.Millisecond

// Doubtful reports that the peer should have been heard long ago. It may come back yet; should it stay silent, the connection ends a little later.
func (p *Peer) Doubtful(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reading.Load() && !p.over && p.c.Doubtful(now)
}

func (p *Peer) tick() {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		return
	}
	now := time.Now()
	if p.c.Silent(now) {
		switch {
		case !p.reading.Load():
			p.c.Heard(now) // it is this router that does not get on
		case !p.doubted: // perhaps neither: the reader could not run yet, after a time in which nothing could
			p.doubted = true
			p.armed = now.Add(lastChance)
			p.timer.Reset(lastChance)
			p.mu.Unlock()
			return
		}
	}
	p.pending = p.c.Tick(now, p.pending)
	done := p.c.Done()
	p.armed = time.Time{}
	p.arm()
	p.mu.Unlock()
	p.kick()
	if done {
		time.AfterFunc(closeGrace, func() { _ = p.sock.Close() }) // the writer may hang in a peer that does not read
	}
}
