package conn

import "github.com/skupper-plugins/suite/router/internal/frame"

// Kind is the kind of an [Event].
type Kind uint8

// What a connection reports.
const (
	// Opened: the peer's open arrived; see [Conn.Remote].
	Opened Kind = iota + 1
	// LinkAttached: the peer made a link. Answer with [Conn.Accept] or [Conn.Refuse].
	LinkAttached
	// LinkAnswered: the peer answered a link of ours. Refused links follow with LinkGone.
	LinkAnswered
	// LinkCredit: a sending link has credit again, or was asked to drain.
	LinkCredit
	// LinkGone: detach, end of its session, or loss of the connection. Its deliveries were reported before.
	LinkGone
	// Octets: more of an incoming delivery. First, More, Settled and Aborted tell which part.
	Octets
	// Outcome: what the receiver says of an outgoing delivery; State nil means that it forgot the delivery without an outcome.
	Outcome
	// SenderUpdate: what the sender says of an incoming delivery after its last transfer.
	SenderUpdate
	// Closed: nothing more comes. Err is nil after an orderly close.
	Closed
)

// Event is one thing that happened. Payload is part of the input buffer and valid until the next call of [Conn.Input].
type Event struct {
	Kind    Kind
	First   bool // Octets: the delivery is new
	More    bool // Octets: further transfers follow
	Settled bool
	Aborted bool
	Link    *Link
	In      *InDelivery
	Out     *OutDelivery
	State   frame.DeliveryState
	User    any  // LinkCredit: the link's User when the credit came
	Drain   bool // LinkCredit: the receiver wants the credit used or given back
	Payload []byte
	Err     *frame.Error
}
