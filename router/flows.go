package router

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/router/internal/tcp"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// flowBooks are the records of the flows of one tcpListener or tcpConnector.
type flowBooks struct {
	t *telemetry
	// parents are the identities of a listener's records by the names of its targets. What it points to does not change.
	parents atomic.Pointer[map[string]string]
	// connector is the identity of a connector's record.
	connector string
}

// Accepted begins the record of a flow.
func (b *flowBooks) Accepted(since time.Time, target string, client net.Addr, c *tcp.Count) tcp.Entry {
	return flowEntry{b.t.ledger.Accept(since, (*b.parents.Load())[target], client, c)}
}

// Offered begins the other half of one.
func (b *flowBooks) Offered(id string, trace []string, c *tcp.Count) tcp.Entry {
	return flowEntry{b.t.ledger.Offer(id, trace, b.connector, c)}
}

// flowEntry is a flow of the ledger as the TCP adaptor takes it.
type flowEntry struct{ *vanflow.Flow }
