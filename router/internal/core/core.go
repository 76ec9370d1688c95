package core

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/conn"
)

// Treatment is how messages for an address are distributed; the numbers are those of the address descriptors between routers.
type Treatment int

// The treatments.
const (
	Flood Treatment = iota
	Multicast
	Closest
	Balanced
	Unavailable
)

// Distribution is what is configured for an address.
type Distribution struct {
	Treatment Treatment
	Priority  int // of its messages, -1: their own
}

// String is the name in configuration and management.
func (t Treatment) String() string {
	return [...]string{"flood", "multicast", "closest", "balanced", "unavailable"}[t]
}

// Control is the routing control plane. Its methods are called on the core's goroutine and may call the core's methods for it.
type Control interface {
	LinkUp(link, cost int, peer string) // peer is how the router at the other end has named itself
	LinkLost(link int)
	Receive(link int, msg []byte) // sections after the router annotations; valid during the call
	LocalAdded(key string, t Treatment)
	LocalRemoved(key string)
	// LocalMesh says that all destinations of an address that was added are edge routers of that mesh, or with "" that they are not any more.
	LocalMesh(key, mesh string)
	// Flood tells whether to pass on a flooded message of another router: each copy is passed on at most once.
	Flood(ingress string, hops int, body []byte) bool
	// Deadline is when Tick is due.
	Deadline() time.Time
	Tick(now time.Time)
}

// Config is what the core needs to know of the router.
type Config struct {
	ID      string
	Log     zerolog.Logger
	Comings zerolog.Logger // for lines about connections that come and go
	Control Control
	Chunks  *chunk.Pool
	// Distribution of a mobile address, without its class letter; ok is false when nothing is configured for it.
	Distribution func(addr string) (d Distribution, ok bool)
	Default      Treatment
	// Container is what connections say of themselves; it has the router's metadata.
	Capabilities []string
	// Edge makes it an edge router: it has uplinks to interior ones instead of a routing protocol.
	Edge bool
	// Uplink, which may be nil, is called on the core's goroutine when an edge router has got another interior router.
	Uplink func()
}

// Core is the owner of all tables. Make it with [New], then run [Core.Run].
type Core struct {
	cfg Config
	log zerolog.Logger
	q   *queue
	// looks are for those who want to know what there is.
	looks *tasks

	addrs map[string]*Address
	// addrsPeak is how many there have been since the table was made.
	addrsPeak int

	nodes  map[string]*node
	conns  map[uint64]*Connection
	links  [128]*Connection // by control link number
	groups map[string]*group
	up     uplinks
	// waiting has the streaming links that have no credit yet, with the time when they are given up.
	waiting  map[*link]time.Time
	radius   int
	oldest   map[string]uint64 // by sslProfile: connections of lower ordinals are not wanted
	tick     []func(now time.Time)
	sampled  time.Time // when links were looked at last
	stats    Stats     // but for the outcomes
	outcomes outcomes
}

// Stats are the router's totals, in deliveries.
type Stats struct {
	Ingress, Egress, Transit                                uint64
	Presettled, Accepted, Rejected, Released, ModifiedCount uint64
	DroppedPresettled                                       uint64
	Delayed1, Delayed10                                     uint64 // messages that took longer than one second, or ten
}

// New returns a core with nothing in its tables.
func New(cfg Config) *Core {
	if cfg.Chunks == nil {
		cfg.Chunks = &chunk.Pool{}
	}
	c := &Core{
		cfg: cfg, log: cfg.Log, q: newQueue(), waiting: map[*link]time.Time{},
		addrs: map[string]*Address{}, nodes: map[string]*node{}, conns: map[uint64]*Connection{}, groups: map[string]*group{},
		oldest: map[string]uint64{},
	}
	c.looks = c.q.tasks()
	if cfg.Edge {
		c.up.mesh = Discriminator()
	}
	c.EachTick(c.GiveUp)
	c.EachTick(c.retire)
	c.EachTick(c.endDoubt)
	c.EachTick(c.sample)
	c.EachTick(c.tellDrops)
	return c
}

// ID is the router's id.
func (c *Core) ID() string { return c.cfg.ID }

// Chunks is the pool that streams take their buffers from.
func (c *Core) Chunks() *chunk.Pool { return c.cfg.Chunks }

// Replenish has peers go on that were kept waiting because of memory. It may be called by anybody, with any lock held.
func (c *Core) Replenish() {
	c.Do(func() {
		for _, cn := range c.conns {
			cn.peer.Do(func(k *conn.Conn) { k.Replenish() })
		}
	})
}

// Do has f run on the core's goroutine, after what was given to Do before. It never blocks.
func (c *Core) Do(f func()) { c.q.put(&c.q.own, f) }

// Call runs f on the core's goroutine and waits for it. It returns false when the core is over or ctx ends first; f may still run later then.
func (c *Core) Call(ctx context.Context, f func()) bool { return c.call(ctx, &c.q.own, f) }

// Look is Call for what only looks at the tables, however large they are: it takes its turn as the work of a connection does, so that who asks again and again
// holds up nobody. What was given to Do before is done first.
func (c *Core) Look(ctx context.Context, f func()) bool {
	return c.Call(ctx, func() {}) && c.call(ctx, c.looks, f)
}

func (c *Core) call(ctx context.Context, in *tasks, f func()) bool {
	done := make(chan struct{})
	c.q.put(in, func() { f(); close(done) })
	select {
	case <-done:
		return true
	case <-ctx.Done():
	case <-c.q.over:
	}
	select { // it may have been the last thing that was done
	case <-done:
		return true
	default:
		return false
	}
}

// EachTick adds a function that runs on the core's goroutine about five times a second. Call it before Run.
func (c *Core) EachTick(f func(now time.Time)) { c.tick = append(c.tick, f) }

// lookAfter is after how long the time is looked at while there is always more to do.
const lookAfter = 5 * time.Millisecond

// Run works until ctx ends and everything that was given before its end is done.
func (c *Core) Run(ctx context.Context) {
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	defer c.q.end()
	var work []func()
	ticked := func(now time.Time) {
		for _, f := range c.tick {
			f(now)
		}
	}
	before := time.Now()
	looked := before
	for {
		now := time.Now()
		work = c.q.take(work, now.Sub(before))
		before = now
		for i, f := range work {
			f()
			work[i] = nil
		}
		if len(work) > 0 { // then time goes on all the same
			if now.Sub(looked) < lookAfter {
				continue
			}
			looked = now
			if !now.Before(c.cfg.Control.Deadline()) {
				c.cfg.Control.Tick(now)
			}
			select {
			case now := <-t.C:
				ticked(now)
			default:
			}
			continue
		}
		due.Reset(time.Until(c.cfg.Control.Deadline()))
		select {
		case <-ctx.Done():
			return
		case <-c.q.wake:
		case now := <-due.C:
			c.cfg.Control.Tick(now)
		case now := <-t.C:
			ticked(now)
		}
	}
}

const discriminators = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+_"

// Discriminator is a random name part of 15 characters, as routers use in link names and temporary addresses.
func Discriminator() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = discriminators[b[i]&63]
	}
	return string(b[:])
}
