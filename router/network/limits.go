package network

import "time"

// Bounds on what the network may tell.
const (
	// Silence is how long a source may say nothing before it is forgotten.
	Silence = 30 * time.Second
	// MaxSources is how many sources are heard: a router and a controller for each of the most routers there can be,
	// and then some.
	MaxSources = 512
	// MaxRecords is how many records one source may have, and MaxAllRecords how many all may have together.
	MaxRecords    = 20_000
	MaxAllRecords = 200_000
	// MaxOctets is how much memory the records of one source may take, and MaxAllOctets those of all, in octets and more or less.
	MaxOctets    = 16 << 20
	MaxAllOctets = 64 << 20
	// MaxText is the longest text, in octets; longer ones are as if they had not been sent.
	MaxText = 512
	// MaxIdentity is the longest identity, in octets.
	MaxIdentity = 128
	// MaxMessage is the longest message, in octets.
	MaxMessage = 1 << 20
)

const (
	credit        = 256 // messages of one source that may be on their way
	backlog       = 256 // messages that wait to be looked at
	publishEvery  = time.Second
	publishShare  = 10               // times as long as a status took, there is no other
	ownEvery      = 5 * time.Second  // what Own says may change though nothing is heard
	heardNothing  = 2 * time.Second  // a source that says nothing for so long is told to flush all the same
	flushAgain    = 5 * time.Second  // after a flush that brought no records
	flushRarely   = 30 * time.Second // after several
	flushTries    = 4
	listenAgain   = 5 * time.Second // after a subscription that was refused
	attachTimeout = 10 * time.Second
	askAgain      = time.Second // where the router is
	firstBackoff  = 200 * time.Millisecond
	lastBackoff   = 5 * time.Second
	beaconsAgain  = time.Second // after the subscription to beacons was lost
)
