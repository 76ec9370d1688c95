package network

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/Azure/go-amqp"
	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/manage"
)

// client is a connection with its subscriptions.
type client struct {
	conn    *manage.Conn
	session *amqp.Session
	events  chan<- event
	log     zerolog.Logger
	asks    chan string     // addresses to send a flush to
	ctx     context.Context // the life of the subscriptions
	cancel  context.CancelFunc
	done    sync.WaitGroup

	leaves map[string][]context.CancelFunc // by source; the collector's goroutine
}

// nowhereError is that the router cannot be asked, as nobody knows where it is.
type nowhereError struct{ error }

func (e *nowhereError) Unwrap() error { return e.error }

// connect makes a connection. Its subscriptions report to events.
func connect(ctx context.Context, opts Options, events chan<- event) (*client, error) {
	o, err := opts.Router(ctx)
	if err != nil {
		return nil, &nowhereError{err}
	}
	conn, err := manage.Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	attaching, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	session, err := conn.NewSession(attaching, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin session: %w", err), conn.Close())
	}
	c := &client{conn: conn, session: session, events: events, log: opts.Log, asks: make(chan string, MaxSources), leaves: map[string][]context.CancelFunc{}}
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.done.Go(c.asking)
	return c, nil
}

// close ends the connection and its subscriptions, and waits for them.
func (c *client) close() {
	c.cancel()
	_ = c.conn.Close() // it may be over already
	c.done.Wait()
}

// listen subscribes to an address on behalf of a source, until leave.
func (c *client) listen(source, address string) {
	ctx, cancel := context.WithCancel(c.ctx)
	c.leaves[source] = append(c.leaves[source], cancel)
	c.done.Go(func() {
		defer cancel()
		err := c.receive(ctx, source, address)
		if ctx.Err() == nil {
			c.report(ctx, event{client: c, source: source, lost: err})
		}
	})
}

// leave ends the subscriptions of a source.
func (c *client) leave(source string) {
	for _, f := range c.leaves[source] {
		f()
	}
	delete(c.leaves, source)
}

// receive subscribes to an address and reports every message, until something fails.
func (c *client) receive(ctx context.Context, source, address string) error {
	attaching, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	r, err := c.session.NewReceiver(attaching, address, &amqp.ReceiverOptions{Credit: credit, MaxMessageSize: MaxMessage})
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", address, err)
	}
	defer c.detach(ctx, r)
	for {
		m, err := r.Receive(ctx, nil)
		if err != nil {
			return fmt.Errorf("receive from %s: %w", address, err)
		}
		if err := r.AcceptMessage(ctx, m); err != nil { // does nothing for those that came settled
			return fmt.Errorf("accept from %s: %w", address, err)
		}
		if !c.report(ctx, event{client: c, source: source, msg: m}) {
			return ctx.Err()
		}
	}
}

// detach ends a subscription, for which it has little time.
func (c *client) detach(ctx context.Context, r *amqp.Receiver) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attachTimeout)
	defer cancel()
	_ = r.Close(ctx) // the connection may be over
}

func (c *client) report(ctx context.Context, e event) bool {
	select {
	case c.events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// ask has a source told to send all its records. When there is too much to ask it is asked another time.
func (c *client) ask(direct string) {
	select {
	case c.asks <- direct:
	default:
	}
}

// asking sends what ask was given. Nobody tells whether it arrives: a source that does not answer is asked again.
func (c *client) asking() {
	var s *amqp.Sender
	for {
		var to string
		select {
		case <-c.ctx.Done():
			return
		case <-c.conn.Done():
			return
		case to = <-c.asks:
		}
		sending, cancel := context.WithTimeout(c.ctx, attachTimeout)
		var err error
		if s == nil {
			s, err = c.session.NewSender(sending, "", nil) // to no address: each message has its own
		}
		if err == nil {
			subject, replyTo := vanflow.SubjectFlush, ""
			err = s.Send(sending, &amqp.Message{Properties: &amqp.MessageProperties{To: &to, Subject: &subject, ReplyTo: &replyTo}}, &amqp.SendOptions{Settled: true})
		}
		if err != nil {
			s = nil // a link that is over is made again
			c.log.Debug().Err(err).Str("address", to).Msg("network.unasked")
		}
		cancel()
	}
}
