package load

import (
	"context"
	"encoding/binary"
	"net"
)

// sunk asks a server, not by way of the tunnel, how many octets its sinks have swallowed. done ends that.
func (c *Client) sunk(ctx context.Context) (count func() (int64, error), done func(), err error) {
	straight := &Client{Addr: c.Server}
	n, done, err := straight.open(ctx, wantCount)
	if err != nil {
		return nil, nil, err
	}
	return func() (int64, error) { return ask(n) }, done, nil
}

func ask(n net.Conn) (int64, error) {
	var b [8]byte
	if _, err := n.Write(b[:1]); err != nil {
		return 0, err
	}
	err := pong(n, b[:])
	return int64(binary.BigEndian.Uint64(b[:])), err
}
