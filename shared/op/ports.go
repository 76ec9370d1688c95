package op

import (
	"context"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/token"
)

// Ports is an open site as the verbs see it. Store is always there; what is nil the site cannot do by itself, and the
// verbs then go through resources, which a controller acts upon.
type Ports struct {
	Store    site.Store
	Redeemer Redeemer     // nil: an AccessToken resource is created, and what becomes of it is awaited
	Observer Observer     // nil: the statuses in the store are the truth
	Links    LinkMaterial // nil: endpoints come from the site's status, credentials from a Certificate resource
	System   System       // nil: router and controller are not this tool's to run

	Workloads Workloads // nil: no pods to select
	Prober    Prober    // nil: nobody here can tell what the router reaches

	Diagnostics Diagnostics // nil: there is nothing but resources
	Components  Components  // nil: nobody can tell what else runs
	Insight     Insight     // nil: what the resources say is all there is
}

// Redeemer exchanges a token for the material of a link.
type Redeemer interface {
	// Redeem performs the exchange and stores the Secret and the Links it yields in the site; it gives the names of the
	// Links. Link cost of the token is honoured. Redeeming a token whose Links are in the site already does nothing and
	// gives their names. A refusal (expired, used up, wrong code, known to nobody) is a fault.Denied, no answer before ctx
	// ends a fault.Late; after any error nothing is stored.
	Redeem(ctx context.Context, tok token.Token) (links []string, err error)
}

// Soler is a Store that can make sure of there being one of a kind.
type Soler interface {
	// CreateSole is Create, but a fault.Conflict if there is any other resource of that kind, however close it came.
	CreateSole(ctx context.Context, obj v2alpha1.Object) error
}

// Talker is a Redeemer that can tell why it has no answer yet.
type Talker interface {
	// Telling is the same Redeemer, which tells of each try that failed and will be made again, from the goroutine of Redeem.
	Telling(tell func(failed error)) Redeemer
}

// Renewer is a Redeemer that can redeem a token again whose Links are in the site already.
type Renewer interface {
	// Anew is the same Redeemer, which replaces the credentials of such Links instead of doing nothing.
	Anew() Redeemer
}

// Forgetter is a Redeemer that keeps what it needs to finish redemptions that were cut off.
type Forgetter interface {
	// Forget gives all of that up, and gives the names of the tokens whose links would have been made of it.
	Forget(ctx context.Context) (tokens []string, err error)
}

// Insight sees what the resources do not tell of. It takes one look, and says nothing where nothing is wrong or where the user may
// not look.
type Insight interface {
	// Idle says why nobody acts on the resources, and what to try.
	Idle(ctx context.Context) (why, hint string)
	// Closed says why it is not known by which address others can reach the site, and what to try.
	Closed(ctx context.Context) (why, hint string)
}

// Prober tries whether servers can be reached. A site whose router sees the same network as this program has one.
type Prober interface {
	// Probe connects to a server and hangs up. It takes a second at most.
	Probe(ctx context.Context, host string, port int) error
}

// Observer asks the running router. Every site.Runtime is one.
type Observer interface {
	// Observe gives what the router itself says now. A router that does not run is no error: Observed.Running is false.
	Observe(ctx context.Context) (site.Observed, error)
}

// LinkMaterial gives what a peer needs to link to this site without a token.
type LinkMaterial interface {
	// Endpoints are all addresses at which this site accepts links, best first, one entry for each role and host; none
	// if link access is off. Their names are the roles: inter-router, edge.
	Endpoints(ctx context.Context) ([]v2alpha1.Endpoint, error)
	// Credential gives the client certificate for peers (a kubernetes.io/tls Secret of that name), making it if need be.
	Credential(ctx context.Context, name string) (*v2alpha1.Secret, error)
}

// System runs the processes of a local site. All methods may be called again and again.
type System interface {
	// Start starts what is missing of the agent and of the namespace's router, and forgets an earlier Stop.
	Start(ctx context.Context) error
	// Stop stops the namespace's router and keeps it stopped until Start. Resources, certificates and keys stay.
	Stop(ctx context.Context) error
	// Reload makes the agent read all resources anew now and returns when they are applied. Notes are what it found and
	// did not stumble over. That a resource cannot be read is an error which names it; the others are applied all the same.
	Reload(ctx context.Context) (notes []string, err error)
	// Wake makes sure that somebody acts on changed resources, without starting a site that was stopped on purpose:
	// then it says stopped. Verbs call it after they have changed the store and before they wait. It does not wait itself.
	Wake(ctx context.Context) (stopped bool, err error)
	// Settle is Wake, and returns when what runs is as the store says now. Where the site was deleted it is gone then.
	Settle(ctx context.Context) (stopped bool, err error)
	// Status says what runs. It starts nothing.
	Status(ctx context.Context) (SystemStatus, error)
	// Install makes agent and routers start by themselves when the machine or the user's session starts.
	Install(ctx context.Context) error
	// Uninstall undoes Install and ends the agent. Unless forced it refuses (fault.Conflict) while a site runs, naming
	// it; forced it stops all sites first. Resources stay.
	Uninstall(ctx context.Context, force bool) error
}

// SystemStatus is what runs for one namespace of a local system.
type SystemStatus struct {
	Namespace string  `json:"namespace"`
	Platform  string  `json:"platform"`
	Home      string  `json:"home"`           // directory of the namespace
	Site      string  `json:"site,omitempty"` // name of the site; empty if there is none
	Installed bool    `json:"installed"`      // starts by itself
	Stopped   bool    `json:"stopped"`        // stopped on purpose
	Agent     Process `json:"agent"`
	Router    Process `json:"router"`
	// Notes are sentences on what is wrong or soon will be, worst first.
	Notes []string `json:"notes,omitempty"`
}

// Process is one process of a local system.
type Process struct {
	Running bool      `json:"running"`
	PID     int       `json:"pid,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Detail  string    `json:"detail,omitempty"`  // why it does not run, or what runs it ("systemd user unit skupper-west.service")
	Version string    `json:"version,omitempty"` // of the program that runs, where that is known
}

// Progress is told what a verb waits for, in a few words ("site west: Not Running"), whenever that changes. It may be
// nil and must be safe to call from the goroutine of Run only.
type Progress func(what string)

func (p Progress) say(what string) {
	if p != nil {
		p(what)
	}
}
