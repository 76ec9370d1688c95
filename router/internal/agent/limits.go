package agent

// Bounds on a request. Replies are as large as the router's tables.
const (
	// MaxRequest is the largest request, in octets.
	MaxRequest = 1 << 20
	// MaxAttributes is how many attributes a request may name or give.
	MaxAttributes = 1024
	// MaxText is the longest name or text value in a request, in octets.
	MaxText = 64 << 10
	// MaxLogEntries is how many log entries one reply holds.
	MaxLogEntries = 1000

	maxQuoted = 200 // octets of a client's text that are repeated in a description
	maxNested = 8   // depth of a map or list given as a value
)
