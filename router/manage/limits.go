package manage

import "time"

// Bounds on what a router may answer.
const (
	// DefaultTimeout bounds one request, and dialling, unless Options say otherwise.
	DefaultTimeout = 5 * time.Second
	// MaxReply is how many octets may arrive between a request and its reply.
	MaxReply = 16 << 20
	// PageRows is how many rows one query asks for; more are fetched with further queries.
	PageRows = 2000
	// MaxRows is how many rows of one type are read before giving up.
	MaxRows = 500_000

	replyCredit  = 10   // messages that may be on their way to us
	maxStale     = 100  // replies to earlier requests that are skipped while waiting for ours
	maxPartial   = 16   // messages that may be arriving at once, on as many links
	maxStreams   = 1024 // the same on a Conn; together they may have MaxReply octets
	closeTimeout = 2 * time.Second
	maxDescribed = 512 // octets of a status description that are kept
)
