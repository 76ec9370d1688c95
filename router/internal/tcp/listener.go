package tcp

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/bind"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Strategy says how a listener with several addresses picks one for a connection.
type Strategy uint8

// The strategies. Single is the only address of an ordinary listener.
const (
	Single Strategy = iota
	Priority
	Weighted
)

// Target is an address that a listener sends connections to.
type Target struct {
	Name    string
	Address string
	Value   int // priority or weight; larger is preferred
}

// ListenerConfig is one tcpListener.
type ListenerConfig struct {
	Name     string
	Host     string
	Port     string
	Strategy Strategy
	Targets  []Target                    // to begin with
	TLS      func() (*tls.Config, error) // nil: no TLS
	Books    Books                       // nil: none
	// Fails is told of clients with which TLS does not come about.
	Fails func(client net.Addr, err error)
}

// Totals are what a listener has done.
type Totals struct {
	Opened, Closed    atomic.Int32  // connections
	BytesIn, BytesOut atomic.Uint64 // octets from and to clients

	to sync.Map // *atomic.Int32 by the name of the target
}

// To is how many connections there have been for a target.
func (t *Totals) To(name string) int32 { return t.counter(name).Load() }

func (t *Totals) counter(name string) *atomic.Int32 {
	n, ok := t.to.Load(name)
	if !ok {
		n, _ = t.to.LoadOrStore(name, new(atomic.Int32))
	}
	return n.(*atomic.Int32)
}

// Listener accepts TCP connections for an address while that can be reached.
type Listener struct {
	cfg  ListenerConfig
	core *core.Core
	log  zerolog.Logger

	Totals
	group   *group
	changes chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
	mu      sync.Mutex
	targets []*watched
	up      bool
	lastErr string
}

// watched is a target whose reachability is watched.
type watched struct {
	Target
	reachable bool
	unwatch   func()
}

// NewListener makes a listener; Start makes it work.
func NewListener(cfg ListenerConfig, c *core.Core, log zerolog.Logger) *Listener {
	if cfg.Books == nil {
		cfg.Books = noBooks{}
	}
	return &Listener{
		cfg: cfg, core: c, log: log.With().Str("listener", cfg.Name).Logger(), group: newGroup(),
		changes: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Start watches the addresses and opens the socket when one can be reached. The end of ctx closes it; Stop comes after it all the same.
func (l *Listener) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	l.cancel = cancel
	l.SetTargets(l.cfg.Targets)
	go l.run(ctx)
}

// SetTargets changes where new connections go, while the socket stays as it is: it closes only when none of them can be reached. Connections go on. Call it
// between Start and Stop.
func (l *Listener) SetTargets(targets []Target) {
	l.mu.Lock()
	gone, all := l.targets, make([]*watched, 0, len(targets))
	for _, t := range targets {
		w := &watched{Target: t}
		if i := slices.IndexFunc(gone, func(w *watched) bool { return w.Name == t.Name && w.Address == t.Address }); i >= 0 {
			w, gone = gone[i], slices.Delete(slices.Clone(gone), i, i+1)
			w.Value = t.Value
		} else {
			w.unwatch = l.core.Watch("M"+t.Address, func(reachable bool) { l.reaches(w, reachable) })
		}
		all = append(all, w)
	}
	l.targets = all
	l.mu.Unlock()
	for _, w := range gone {
		w.unwatch()
	}
	l.look()
}

// reaches notes whether a target can be reached.
func (l *Listener) reaches(w *watched, reachable bool) {
	l.mu.Lock()
	w.reachable = reachable
	l.mu.Unlock()
	l.look()
}

// look has run look at the targets.
func (l *Listener) look() {
	select {
	case l.changes <- struct{}{}:
	default:
	}
}

// Stop closes the socket. Connections go on unless drop is set.
func (l *Listener) Stop(drop bool) {
	l.cancel()
	<-l.done
	l.SetTargets(nil)
	if drop {
		l.group.drop()
		l.group.wait()
	}
}

// State is whether the socket is open, and what keeps it from being so.
func (l *Listener) State() (up bool, problem string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up, l.lastErr
}

// wanted reports whether a target can be reached.
func (l *Listener) wanted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.targets, func(w *watched) bool { return w.reachable })
}

// run opens and closes the socket as reachability changes; a port that is taken is tried again.
func (l *Listener) run(ctx context.Context) {
	defer close(l.done)
	var ln net.Listener
	accepting := make(chan struct{})
	closeSocket := func() {
		if ln != nil {
			_ = ln.Close()
			<-accepting
			ln = nil
		}
	}
	defer closeSocket()
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	for {
		if l.wanted() && ln == nil {
			s, err := bind.Listen(ctx, l.cfg.Host, l.cfg.Port)
			l.note(err)
			if err != nil {
				l.log.Error().Err(err).Msg("cannot listen")
				retry.Reset(time.Second)
			} else {
				ln = s
				accepting = make(chan struct{})
				go l.accept(ctx, s, accepting)
			}
		} else if !l.wanted() {
			closeSocket()
			l.note(errUnreachable)
		}
		select {
		case <-ctx.Done():
			return
		case <-l.changes:
		case <-retry.C:
		}
	}
}

var errUnreachable = errors.New("")

func (l *Listener) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.up
	l.up, l.lastErr = err == nil, ""
	if err != nil {
		l.lastErr = err.Error()
	}
	if was != l.up {
		l.log.Info().Bool("up", l.up).Str("host", l.cfg.Host).Str("port", l.cfg.Port).Msg("listener changed")
	}
}

func (l *Listener) accept(ctx context.Context, s net.Listener, done chan<- struct{}) {
	defer close(done)
	for {
		c, err := s.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			l.log.Warn().Err(err).Msg("cannot accept") // out of file descriptors: wait until some are free
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		l.Opened.Add(1)
		a := client{Conn: c, since: time.Now(), own: &Count{}, entry: noEntry{}}
		if l.cfg.TLS == nil {
			if l.send(&a) {
				l.serve(a, nil, "")
			}
			continue
		}
		l.group.Go(func() { l.handshake(ctx, a) })
	}
}

// send picks where the connection goes, and begins its entry. One that has nowhere to go is closed.
func (l *Listener) send(c *client) bool {
	to, ok := l.pick()
	if !ok { // since a moment
		l.lost(*c, true, nil)
		return false
	}
	l.counter(to.Name).Add(1)
	c.to = to.Address
	c.entry = l.cfg.Books.Accepted(c.since, to.Name, c.RemoteAddr(), c.own)
	return true
}

// client is a connection that was accepted.
type client struct {
	net.Conn
	since time.Time
	to    string
	own   *Count
	entry Entry
}

// lost closes a connection that becomes no flow. With reset the client does not hear of what was still to be written.
func (l *Listener) lost(c client, reset bool, err error) {
	closeConn(c.Conn, reset)
	l.Closed.Add(1)
	c.entry.Ended(time.Now(), err)
}

func (l *Listener) handshake(ctx context.Context, c client) {
	ctx, cancel := context.WithTimeout(ctx, limits.HandshakeTimeout)
	defer cancel()
	cfg, err := l.cfg.TLS()
	if err == nil {
		t := tls.Server(c.Conn, offerALPN(cfg))
		if err = t.HandshakeContext(ctx); err == nil {
			if l.send(&c) { // now: what could be reached when the client came may be gone
				l.serve(c, t, t.ConnectionState().NegotiatedProtocol)
			}
			return
		}
	}
	if l.cfg.Fails != nil {
		l.cfg.Fails(c.RemoteAddr(), err)
	}
	if l.send(&c) {
		l.lost(c, false, err)
	}
}

// protocols are what clients may choose from, the preferred one first.
var protocols = []string{"http/1.1", "h2"}

// offerALPN makes cfg choose one of protocols, and none for a client that knows none of them: it need not be an HTTP client.
func offerALPN(cfg *tls.Config) *tls.Config {
	with := cfg.Clone()
	with.NextProtos = protocols
	cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		for _, p := range h.SupportedProtos {
			if slices.Contains(protocols, p) {
				return with, nil
			}
		}
		return nil, nil //nolint:nilnil // cfg itself
	}
	return cfg
}

// serve starts the flow of an accepted connection: its client stream leaves at once, before any octet.
func (l *Listener) serve(c client, t *tls.Conn, alpn string) {
	s, err := newSock(c.Conn, t)
	if err != nil {
		l.lost(c, true, err)
		return
	}
	reply := l.core.Temporary()
	head, err := streamHead(c.to, reply, c.entry.ID(), alpn)
	if err != nil {
		l.lost(c, true, err)
		return
	}
	var forget func()
	f := newFlow(s, l.core, l.group, &l.BytesIn, &l.BytesOut, c.own, c.entry)
	f.over = func(err error) {
		forget()
		l.group.remove(f)
		l.Closed.Add(1)
		if err != nil {
			l.log.Debug().Err(err).Msg("flow ended")
		}
	}
	forget = l.core.Consume(l.core.LocalKey(reply), limits.ConnectorCapacity, (*replyTaker)(f))
	if !l.group.add(f) {
		f.close(errDropped)
		return
	}
	f.open(c.to, head, nil)
}

// Idle reports that no connection is left.
func (l *Listener) Idle() bool { return l.group.empty() }

// replyTaker is the flow as the receiver of its server stream.
type replyTaker flow

// Offer takes the server stream; from now on octets go both ways.
func (r *replyTaker) Offer(o core.Offer) {
	f := (*flow)(r)
	if o.Head.ContentType != contentType {
		o.Refuse(rejected("the stream is of another type"))
		o.Done()
		f.failed(errRefused)
		return
	}
	f.mu.Lock()
	s := f.stream
	second := f.offered || s == nil
	f.offered = true
	f.mu.Unlock()
	if second { // nobody but the connector of our stream knows the address, and it answers once
		o.Refuse(&frame.Released{})
		o.Done()
		return
	}
	f.sink.mu.Lock()
	f.sink.src = o.Source()
	f.sink.mu.Unlock()
	if !o.Bind(f.sink) {
		f.failed(errAborted)
		return
	}
	f.start(s.Outlet())
}

// pick chooses the address for the next connection.
func (l *Listener) pick() (Target, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var best *watched
	sum := 0
	for _, t := range l.targets {
		if !t.reachable {
			continue
		}
		sum += max(t.Value, 0)
		if best == nil || t.Value > best.Value {
			best = t
		}
	}
	if best == nil {
		return Target{}, false
	}
	if l.cfg.Strategy == Weighted && sum > 0 {
		n := rand.IntN(sum)
		for _, t := range l.targets {
			if !t.reachable {
				continue
			}
			if n -= max(t.Value, 0); n < 0 {
				return t.Target, true
			}
		}
	}
	return best.Target, true
}
