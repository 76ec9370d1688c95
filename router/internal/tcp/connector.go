package tcp

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
)

// ConnectorConfig is one tcpConnector.
type ConnectorConfig struct {
	Name    string
	Host    string
	Port    string
	Address string
	TLS     func() (*tls.Config, error) // nil: no TLS
	Books   Books                       // nil: none
}

// Connector dials its server for each stream to its address.
type Connector struct {
	cfg  ConnectorConfig
	core *core.Core
	log  zerolog.Logger

	Opened, Closed    atomic.Int32  // connections
	BytesIn, BytesOut atomic.Uint64 // octets from and to the server
	group             *group
	ctx               context.Context //nolint:containedctx // the connector's own life; Stop ends it
	cancel            context.CancelFunc
	forget            func()
}

// NewConnector makes a connector; Start makes it work.
func NewConnector(cfg ConnectorConfig, c *core.Core, log zerolog.Logger) *Connector {
	if cfg.Books == nil {
		cfg.Books = noBooks{}
	}
	return &Connector{cfg: cfg, core: c, log: log.With().Str("connector", cfg.Name).Logger(), group: newGroup()}
}

// Start makes the connector a destination for its address. The end of ctx is the end of dialling; Stop comes after it all the same.
func (k *Connector) Start(ctx context.Context) {
	k.ctx, k.cancel = context.WithCancel(ctx)
	k.forget = k.core.Consume("M"+k.cfg.Address, limits.ConnectorCapacity, k)
}

// Stop takes the destination away. Connections go on unless drop is set.
func (k *Connector) Stop(drop bool) {
	k.forget()
	k.cancel()
	if drop {
		k.group.drop()
		k.group.wait()
	}
}

func rejected(text string) frame.DeliveryState {
	return &frame.Rejected{Error: &frame.Error{Condition: "amqp:invalid-field", Description: text}}
}

// Offer takes a client stream.
func (k *Connector) Offer(o core.Offer) {
	if o.Head.ContentType != contentType || o.Head.ReplyTo == "" {
		o.Refuse(&frame.Released{})
		o.Done()
		return
	}
	k.group.Go(func() { k.serve(o) })
}

// serve dials the server and joins it with the stream.
func (k *Connector) serve(o core.Offer) {
	alpn := ""
	if v, ok := o.Head.AppProperty("alpn"); ok {
		alpn, _ = v.(string)
	}
	own := &Count{}
	id, _ := o.Head.CorrelationID.(string)
	entry := k.cfg.Books.Offered(id, o.Trace(), own)
	s, err := k.dial(alpn)
	if err != nil {
		entry.Ended(time.Now(), err)
		k.log.Info().Err(err).Str("host", k.cfg.Host).Str("port", k.cfg.Port).Msg("cannot connect")
		o.Refuse(&frame.Modified{DeliveryFailed: true})
		o.Done()
		return
	}
	entry.Connected(s.LocalAddr())
	head, err := streamHead(o.Head.ReplyTo, "", "", "")
	if err != nil {
		entry.Ended(time.Now(), err)
		s.close(true)
		o.Refuse(&frame.Modified{DeliveryFailed: true})
		o.Done()
		return
	}
	k.Opened.Add(1)
	f := newFlow(s, k.core, k.group, &k.BytesIn, &k.BytesOut, own, entry)
	f.over = func(err error) {
		k.group.remove(f)
		k.Closed.Add(1)
		o.Done()
		if err != nil {
			k.log.Debug().Err(err).Msg("flow ended")
		}
	}
	f.sink.src = o.Source()
	if !k.group.add(f) {
		f.close(errDropped) // what comes is refused
	}
	if !o.Bind(f.sink) {
		f.close(errAborted)
		return
	}
	f.open(o.Head.ReplyTo, head, f.start)
}

// Idle reports that no connection is left.
func (k *Connector) Idle() bool { return k.group.empty() }

func (k *Connector) dial(alpn string) (sock, error) {
	ctx, cancel := context.WithTimeout(k.ctx, limits.DialTimeout)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(k.cfg.Host, k.cfg.Port))
	if err != nil {
		return nil, err
	}
	if k.cfg.TLS == nil {
		return newSock(c, nil)
	}
	cfg, err := k.cfg.TLS()
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	if alpn != "" {
		cfg.NextProtos = []string{alpn}
	}
	t := tls.Client(c, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return newSock(c, t)
}

// newSock wraps an open connection, with TLS over it when t is not nil.
func newSock(c net.Conn, t *tls.Conn) (sock, error) {
	if t != nil {
		return &tlsSock{Conn: t, raw: c}, nil
	}
	return newPlainSock(c.(*net.TCPConn))
}
