package grantserver

import "time"

// Every bound of what comes from outside.
const (
	maxHeader    = 24 << 10         // octets of request header: a request for an RSA certificate needs 11 KiB at most
	maxUID       = 253              // octets of the path
	maxName      = 249              // octets of the token's name: the Links' have "-1" to "-999" added
	maxSubject   = 253              // octets of the claimant's name
	maxStreams   = 8                // HTTP/2 requests at once on a connection
	maxEndpoints = 999              // of a site
	headerTime   = 5 * time.Second  // for handshake and request header, each
	readTime     = 10 * time.Second // for the whole request
	writeTime    = 30 * time.Second // from the end of the header to that of the answer
	idleTime     = 10 * time.Second // between requests on a connection
	handleTime   = 15 * time.Second // for waiting, lookup and issue together
	confirmTime  = 10 * time.Second // for persisting a use; with handleTime less than writeTime
	busyTime     = 5 * time.Second  // to wait for a use that is reserved by another; claimants give up after 10 s
	stopTime     = 10 * time.Second // for requests under way when the server stops
	maxConflicts = 5                // tries to count when others count at the same time
)

// Defaults of Options.
const (
	DefaultMaxConns        = 512
	DefaultMaxConnsPerAddr = 128
)

// Limits of wrong codes.
const (
	guessWindow = time.Minute            // wrong codes older than this are forgotten
	freeGuesses = 10                     // wrong codes in a window that are answered at once
	guessDelay  = 500 * time.Millisecond // how long a wrong code beyond that takes
	maxSources  = 4096                   // addresses and grants remembered
)
