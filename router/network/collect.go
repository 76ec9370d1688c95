package network

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/Azure/go-amqp"
	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/manage"
)

// Options say whom to ask and whom to tell.
type Options struct {
	// Router tells where the router is. It is called before each attempt to connect, so that certificates and ports
	// may change; an error is an attempt that failed.
	Router func(ctx context.Context) (manage.Options, error)
	// Publish gets each new status, on Collect's goroutine, at most once a second. It must not keep what it is given
	// from the next for long. The first status is that of the first records.
	Publish func(Status)
	// Own tells what is known of the own site at present; nil: nothing is.
	Own func() Own
	// Log is told of connections that come and go.
	Log zerolog.Logger
}

// Collect watches the network until ctx ends. A connection that is lost is made again; what is known stays until its
// sources have been silent for Silence, of which time without a connection is no part.
func Collect(ctx context.Context, o Options) { collect(ctx, o, newTable()) }

func collect(ctx context.Context, o Options, t *table) {
	ctx, cancel := context.WithCancel(ctx)
	c := &collector{
		Options: o, table: t, events: make(chan event, backlog), dialled: make(chan dialled, 1), backoff: firstBackoff,
		published: Status{Addresses: []Address{}, Sites: []Site{}},
	}
	if c.Own == nil {
		c.Own = func() Own { return Own{} }
	} else {
		c.recheck = time.Now().Add(ownEvery)
	}
	c.dial(ctx)
	c.run(ctx)
	cancel()
	if r := <-c.dialled; r.client != nil { // or nothing, as the channel is closed when no attempt is under way
		r.client.close()
	}
	c.disconnect()
}

// collector is the state of Collect; its goroutine alone uses it.
type collector struct {
	Options
	table     *table
	client    *client // nil while there is no connection
	events    chan event
	dialled   chan dialled // closed while no attempt is under way
	dialling  bool
	redial    time.Time // when to try again; zero: not
	beacons   time.Time // when to listen to beacons again; zero: they are listened to, or there is no connection
	backoff   time.Duration
	published Status
	next      time.Time // when a status may be published again
	recheck   time.Time // when to see whether Own says something else; zero: never
	told      string    // last reason for having no connection, so that each is logged once
}

// event is what a subscription has to say.
type event struct {
	client *client
	source string // "" for beacons
	msg    *amqp.Message
	lost   error // the subscription is over
}

type dialled struct {
	client *client
	err    error
}

func (c *collector) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var over <-chan struct{}
		if c.client != nil {
			over = c.client.conn.Done()
		}
		var results <-chan dialled
		if c.dialling {
			results = c.dialled
		}
		select {
		case <-ctx.Done():
			return
		case r := <-results:
			c.connected(r)
		case <-over:
			c.failed(c.client.conn.Err())
		case e := <-c.events:
			c.handle(e)
		case <-timer.C:
		}
		c.step(ctx)
		timer.Reset(time.Until(c.deadline()))
	}
}

// dial begins an attempt to connect.
func (c *collector) dial(ctx context.Context) {
	c.dialling, c.redial = true, time.Time{}
	results := make(chan dialled, 1)
	c.dialled = results
	go func() {
		defer close(results)
		cl, err := connect(ctx, c.Options, c.events)
		results <- dialled{cl, err}
	}()
}

// connected takes the result of an attempt.
func (c *collector) connected(r dialled) {
	c.dialling = false
	if r.err != nil {
		c.failed(r.err)
		return
	}
	c.client, c.told = r.client, ""
	c.table.hear(time.Now())
	c.Log.Info().Msg("network.connected")
	c.client.listen("", vanflow.Beacons)
}

// failed notes that there is no connection, and has another attempt made after a while.
func (c *collector) failed(err error) {
	c.disconnect()
	if err != nil && err.Error() != c.told {
		c.told = err.Error()
		c.Log.Info().Err(err).Msg("network.disconnected")
	}
	c.redial = time.Now().Add(c.backoff)
	var nowhere *nowhereError
	if c.backoff = min(2*c.backoff, lastBackoff); errors.As(err, &nowhere) {
		c.redial, c.backoff = time.Now().Add(askAgain), firstBackoff // it costs nothing to ask
	}
}

func (c *collector) disconnect() {
	if c.client != nil {
		c.client.close()
		c.client = nil
	}
	c.beacons = time.Time{}
	c.table.lostAll()
}

// handle takes what a subscription says.
func (c *collector) handle(e event) {
	now := time.Now()
	if e.client != c.client {
		return // of a connection that is over
	}
	var session *amqp.SessionError
	var conn *amqp.ConnError
	if errors.As(e.lost, &session) || errors.As(e.lost, &conn) { // nothing can be subscribed to on it any more
		c.failed(e.lost)
		return
	}
	switch {
	case e.lost != nil && e.source == "": // of this subscription alone, as one message is enough for: a connection that is over says so itself
		c.client.leave("")
		c.beacons = now.Add(beaconsAgain)
		c.Log.Info().Err(e.lost).Msg("network.beacons-unheard")
	case e.lost != nil:
		c.client.leave(e.source)
		c.table.lost(now, e.source)
		c.Log.Info().Err(e.lost).Str("source", e.source).Msg("network.unheard")
	case e.source == "":
		c.backoff = firstBackoff // a connection that works
		if b, ok := decodeBeacon(e.msg); ok {
			c.table.beacon(now, b)
		}
	default:
		c.table.update(now, e.source, decodeRecords(e.msg))
	}
}

// step does what is due.
func (c *collector) step(ctx context.Context) {
	now := time.Now()
	for _, id := range c.table.forget(now) {
		c.Log.Info().Str("source", id).Msg("network.forgotten")
		if c.client != nil {
			c.client.leave(id)
		}
	}
	if c.client != nil {
		if !c.beacons.IsZero() && !now.Before(c.beacons) {
			c.beacons = time.Time{}
			c.client.listen("", vanflow.Beacons)
		}
		for _, b := range c.table.unsubscribed(now) {
			c.Log.Debug().Str("source", b.id).Str("kind", b.kind).Msg("network.discovered")
			c.client.listen(b.id, b.address)
			if b.kind == kindController {
				c.client.listen(b.id, b.address+".heartbeats")
			}
		}
		for _, to := range c.table.flushes(now) {
			c.client.ask(to)
			c.Log.Debug().Str("address", to).Msg("network.flush")
		}
	}
	if !c.redial.IsZero() && !now.Before(c.redial) {
		c.dial(ctx)
	}
	if !c.recheck.IsZero() && !now.Before(c.recheck) {
		c.table.changed, c.recheck = true, now.Add(ownEvery)
	}
	if c.table.changed && !now.Before(c.next) {
		c.publish(now)
	}
}

// publish tells of the network if it is another one than was told of last.
//
// What it takes grows with the network, and whoever is in that can have it done again and again: it gets no more than a share of the
// time.
func (c *collector) publish(now time.Time) {
	c.table.changed = false
	st := c.table.status(c.Own())
	if !reflect.DeepEqual(st, c.published) {
		c.published, c.next = st, now.Add(publishEvery)
		c.Publish(st)
	}
	if rest := now.Add(publishShare * time.Since(now)); rest.After(c.next) {
		c.next = rest
	}
}

// deadline is when step has something to do.
func (c *collector) deadline() time.Time {
	next := sooner(sooner(c.table.next(), c.redial), sooner(c.recheck, c.beacons))
	if c.table.changed {
		next = sooner(next, c.next)
	}
	if next.IsZero() {
		next = time.Now().Add(time.Hour)
	}
	return next
}
