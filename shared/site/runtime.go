package site

import (
	"context"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Runtime runs and observes the router of one site.
//
// sitetest.TestRuntime checks an implementation.
type Runtime interface {
	// Start makes the router run with the configuration of d. It is idempotent: it starts what is missing, applies
	// changes to a running router through management, and restarts it only when nothing else will do. The files that
	// d.Profiles lists must be in place before.
	Start(ctx context.Context, d Desired) error
	// Stop ends the router. It is idempotent.
	Stop(ctx context.Context) error
	// Observe asks the router itself. That no router runs is an answer, not an error.
	Observe(ctx context.Context) (Observed, error)
}

// Observed is what is known of a running site. The zero value: nothing runs and nothing is known.
type Observed struct {
	Running   bool
	NotReady  string    // why the router does not run, for people; may be empty
	RouterID  string    // as the router says
	Since     time.Time // start of the router
	Links     map[string]LinkState
	Edge      bool                    // an edge router: Addresses do not count what other routers serve
	Addresses map[string]AddressState // by routing key; nil: not known
	Nodes     []Node                  // routers that can be reached, this one included if it is an interior router
	Network   []v2alpha1.SiteRecord   // sites with their services, as observers collect them; nil: not known
	Blind     string                  // why Links and Network could not be looked at this time: what was known of them stays
	Remarks   []string                // what there is to say of a site that runs nevertheless, for people
	Ports     map[string]int          // by name of the router's listener or tcpListener: what Desired.Ports was before, kept for good
	Now       time.Time               // time of the observation, always set; it becomes the time of transitions
}

// LinkState is the state of a link, keyed by the name of its connector, which is that of the Link.
type LinkState struct {
	Up           bool
	RemoteRouter string // router id
	RemoteSite   string // site id; empty: not known
	RemoteName   string // site name; empty: not known
	Host, Port   string
	LastError    string // why it is down; may be empty
	Since        time.Time
}

// AddressState counts who uses a routing key.
type AddressState struct {
	LocalConsumers  int // connectors of this router
	RemoteConsumers int // routers with connectors
	LocalListeners  int // listeners of this router
}

// Node is a router of the network.
type Node struct {
	RouterID string
	SiteID   string // empty: not known
	SiteName string // empty: not known
	Self     bool
}
