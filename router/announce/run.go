package announce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/go-amqp"
	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
	"github.com/skupper-plugins/suite/router/manage"
)

// Options say what to tell, and whom.
type Options struct {
	Site Site
	// Processes brings the processes of the site whenever they have changed, all of them each time; nil: never.
	Processes <-chan []Process
	// Router tells where the router is. It is called before each attempt to connect.
	Router func(ctx context.Context) (manage.Options, error)
	// Log is told of connections that come and go.
	Log zerolog.Logger
}

const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 3 * time.Second
	sendTimeout  = 10 * time.Second
	flushCredit  = 64
	// flushPause is after an answer to a question until the next one: many may ask at once, and one answer serves all.
	flushPause = 500 * time.Millisecond
)

// Run tells the network of the site until ctx ends.
func Run(ctx context.Context, o Options) {
	s := &speaker{Options: o, table: newTable(o.Site, time.Now())}
	backoff, told := firstBackoff, ""
	for ctx.Err() == nil {
		started := time.Now()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if err.Error() != told {
			told = err.Error()
			o.Log.Info().Err(err).Msg("announce.disconnected")
		}
		if time.Since(started) > lastBackoff {
			backoff = firstBackoff
		}
		s.idle(ctx, backoff)
		backoff = min(2*backoff, lastBackoff)
	}
}

type speaker struct {
	Options
	table *table
}

// idle waits, and takes note of processes meanwhile: whoever brings them must not have to wait.
func (s *speaker) idle(ctx context.Context, d time.Duration) {
	over := time.After(d)
	for {
		select {
		case <-ctx.Done():
			return
		case <-over:
			return
		case p := <-s.Processes:
			s.table.set(time.Now(), p)
		}
	}
}

// session speaks over one connection until that fails.
func (s *speaker) session(ctx context.Context) (err error) {
	to, err := s.Router(ctx)
	if err != nil {
		return err
	}
	conn, err := manage.Connect(ctx, to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	asked, ended := make(chan struct{}, 1), make(chan error, 1)
	attaching, done := context.WithTimeout(ctx, sendTimeout)
	defer done()
	session, err := conn.NewSession(attaching, nil)
	if err != nil {
		cancel()
		return errors.Join(fmt.Errorf("begin session: %w", err), conn.Close())
	}
	sender, err := session.NewSender(attaching, "", nil) // to no address: each message has its own
	if err == nil {
		go func() { ended <- s.listen(ctx, session, asked) }()
		err = s.speak(ctx, sender, asked, conn.Done(), ended)
		cancel()
		_ = conn.Close() // it may be over already
		<-ended
		return err
	}
	cancel()
	return errors.Join(fmt.Errorf("attach: %w", err), conn.Close())
}

// listen notes when somebody asks for all records.
func (s *speaker) listen(ctx context.Context, session *amqp.Session, asked chan<- struct{}) error {
	address := s.table.source.CommandAddress()
	attaching, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	r, err := session.NewReceiver(attaching, address, &amqp.ReceiverOptions{Credit: flushCredit, MaxMessageSize: 1 << 16})
	if err != nil {
		return fmt.Errorf("listen at %s: %w", address, err)
	}
	for {
		m, err := r.Receive(ctx, nil)
		if err != nil {
			return fmt.Errorf("listen at %s: %w", address, err)
		}
		if err := r.AcceptMessage(ctx, m); err != nil {
			return fmt.Errorf("accept from %s: %w", address, err)
		}
		if m.Properties != nil && m.Properties.Subject != nil && *m.Properties.Subject == vanflow.SubjectFlush {
			select {
			case asked <- struct{}{}:
			default: // it is noted already
			}
		}
	}
}

// speak sends what is due. When it returns, ended still has to be received from, unless what was received came from it.
func (s *speaker) speak(ctx context.Context, to *amqp.Sender, asked <-chan struct{}, over <-chan struct{}, ended chan error) error {
	s.Log.Info().Msg("announce.connected")
	source := s.table.source
	source.Announce(time.Now()) // whoever was asked meanwhile did not hear
	source.Flush()
	var pause <-chan time.Time
	for {
		for _, m := range source.Step(time.Now()) {
			if err := send(ctx, to, m); err != nil {
				return err
			}
		}
		wait := time.NewTimer(time.Until(source.NextDeadline()))
		listening := asked
		if pause != nil {
			listening = nil
		}
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-over:
			wait.Stop()
			return errors.New("the router closed the connection")
		case err := <-ended:
			wait.Stop()
			ended <- err // for who waits for the listener's end
			return err
		case p := <-s.Processes:
			s.table.set(time.Now(), p)
		case <-listening:
			source.Flush()
			pause = time.After(flushPause)
		case <-pause:
			pause = nil
		case <-wait.C:
		}
		wait.Stop()
	}
}

func send(ctx context.Context, to *amqp.Sender, m vanflow.Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	var msg amqp.Message
	if err := msg.UnmarshalBinary(m.Body); err != nil {
		return fmt.Errorf("encode for %s: %w", m.To, err)
	}
	if err := to.Send(ctx, &msg, &amqp.SendOptions{Settled: true}); err != nil {
		return fmt.Errorf("send to %s: %w", m.To, manage.Unsent(ctx, err))
	}
	return nil
}
