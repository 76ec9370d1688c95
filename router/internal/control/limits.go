package control

import "time"

// Bounds on what a peer can make this router keep or do. A message beyond one
// of them is refused as a whole, so that it changes nothing.
const (
	// MaxRouters is the number of routers in a network, this one included.
	MaxRouters = 128
	// MaxLinks is the number of control links that may be up at once.
	MaxLinks = 128
	// MaxMessage is the size of one control message, in octets.
	MaxMessage = 8 << 20
	// MaxID is the length of a router id, in octets.
	MaxID = 255
	// MaxKey is the length of an address hash key, in octets.
	MaxKey = 2048
	// MaxAddresses is the number of addresses one router can advertise.
	MaxAddresses = 65536
	// MaxRemoteAddresses is the number of addresses kept for all peers together.
	MaxRemoteAddresses = 4 * MaxAddresses
	// MaxCost is the cost of one link. The sum of MaxRouters of them fits an int64.
	MaxCost = 1<<31 - 1

	// meshLength is the length of the id of a mesh of edge routers, in octets.
	meshLength = 15
)

// Pacing: events are answered at once, and these keep a flapping link or a
// misbehaving peer from turning that into a storm.
const (
	// raSpacing is the least time between two advertisements of this router.
	raSpacing = 50 * time.Millisecond
	// raSettle is when this router advertises itself after a far one became
	// reachable. An RA does not get everywhere while the network forms, and the
	// next one would come after Config.RAIntervalFlux.
	raSettle = 500 * time.Millisecond
	// smallNetwork is the number of routers up to which every change of
	// another router's links is worked out at once.
	smallNetwork = 16
	// computeSpacing is the least time between two path computations that are
	// due to other routers' changes in a network that is not small.
	computeSpacing = 20 * time.Millisecond
	// mobileHold is how long changes of local addresses are collected.
	mobileHold = 10 * time.Millisecond
	// mobileSpacing is the least time between two updates of addresses.
	mobileSpacing = 100 * time.Millisecond
	// askFirst is how long an LSR or MAR may stay unanswered before it is
	// repeated; the wait doubles up to Config.RAInterval.
	askFirst = 250 * time.Millisecond
	// askNews is the same for one that was sent before the peer advertised news.
	askNews = 25 * time.Millisecond
	// askTries is how often a request is sent that need not be answered.
	askTries = 3
	// orphanGrace is how long a router stays in the table after nothing
	// speaks of it any more.
	orphanGrace = 3 * time.Second
)
