package manage

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/Azure/go-amqp"
)

// Options say where the router is and how to reach it.
type Options struct {
	// URL is amqp://host:port or amqps://host:port. The port may be left out: 5672 or 5671.
	URL string
	// TLS holds the client certificate and the CAs for amqps. ServerName may be empty: the URL's host is
	// verified then. It is not changed.
	TLS *tls.Config
	// Timeout bounds dialling and each request; 0 means DefaultTimeout.
	Timeout time.Duration
}

// Client is a connection to one router's management node.
type Client struct {
	timeout time.Duration

	one      sync.Mutex // held during a request; guards all below
	guard    *guard
	conn     *amqp.Conn
	sender   *amqp.Sender
	receiver *amqp.Receiver
	next     uint64   // correlation-id of the next request
	unknown  []string // entity types
}

// Dial connects: with SASL EXTERNAL on amqps, ANONYMOUS on amqp.
func Dial(ctx context.Context, o Options) (*Client, error) {
	c := &Client{timeout: o.Timeout}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	dialing, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := c.dial(dialing, o, newGuard, 0)
	if err == nil {
		if err = c.attach(dialing); err != nil {
			err = errors.Join(err, ignoreClosed(c.Close()))
		}
	}
	if err != nil {
		return nil, c.failed(ctx, dialing, o, err)
	}
	return c, nil
}

// failed says why a connection could not be made.
func (c *Client) failed(caller, ours context.Context, o Options, err error) error {
	if late := c.late(caller, ours, err); late != nil {
		err = late
	}
	return fmt.Errorf("connect to router at %s: %w", redacted(o.URL), err)
}

// dial connects, by way of the guard. idle is after how much silence of the router the connection is given up; 0 means the library's minute.
func (c *Client) dial(ctx context.Context, o Options, by func(net.Conn) *guard, idle time.Duration) (err error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return errors.New("not a URL")
	}
	host, sasl := u.Hostname(), amqp.SASLTypeAnonymous()
	var nc net.Conn
	switch u.Scheme {
	case "amqp":
		var d net.Dialer
		nc, err = d.DialContext(ctx, "tcp", address(u, "5672"))
	case "amqps":
		d := tls.Dialer{Config: clientTLS(o.TLS, host)}
		nc, err = d.DialContext(ctx, "tcp", address(u, "5671"))
		sasl = amqp.SASLTypeExternal("")
	default:
		return fmt.Errorf("scheme %q, want amqp or amqps", u.Scheme)
	}
	if err != nil {
		return err
	}
	c.guard = by(nc)
	c.conn, err = amqp.NewConn(ctx, c.guard, &amqp.ConnOptions{HostName: host, SASLType: sasl, IdleTimeout: idle})
	if err != nil {
		return errors.Join(err, ignoreClosed(nc.Close()))
	}
	return nil
}

// attach opens the link that requests go out on and the one, with an address of the router's choice, that
// replies come in on.
func (c *Client) attach(ctx context.Context) error {
	session, err := c.conn.NewSession(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	c.receiver, err = session.NewReceiver(ctx, "", &amqp.ReceiverOptions{DynamicAddress: true, Credit: replyCredit})
	if err != nil {
		return fmt.Errorf("attach reply link: %w", err)
	}
	c.sender, err = session.NewSender(ctx, "$management", nil)
	if err != nil {
		return fmt.Errorf("attach request link: %w", err)
	}
	return nil
}

// Close ends the connection. It waits for the router's close only briefly.
func (c *Client) Close() error {
	stop := time.AfterFunc(closeTimeout, func() { _ = c.guard.Close() })
	defer stop.Stop()
	return c.conn.Close()
}

func clientTLS(given *tls.Config, host string) *tls.Config {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if given != nil {
		conf = given.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = host
	}
	return conf
}

func address(u *url.URL, port string) string {
	if p := u.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// redacted is the URL without a password that does not belong there.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	return u.Redacted()
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
