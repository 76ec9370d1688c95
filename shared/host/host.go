package host

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/op"
)

// Host is one host tool. Only Open may touch anything outside the process.
type Host interface {
	// Command is what the user types before a verb: "podman-skupper", "kubectl skupper".
	Command() string
	// Version is the version of the program.
	Version() string
	// Capabilities decide which verbs and flags are in the tree, and some defaults.
	Capabilities() Capabilities
	// Flags are the host's own flags, such as --namespace; they are accepted by every verb. A call gives new ones.
	Flags() []cli.Flag
	// OutputFlags are those that choose how a result is printed. Every host has --output (-o) with json and yaml among
	// its values. Verbs that print one of the manners only say so.
	OutputFlags(m Manner) []cli.Flag
	// CheckFlags reports everything wrong with the values of Flags and OutputFlags, without opening anything.
	CheckFlags(c *cli.Context) error
	// Namespace is the namespace the user named, or the one that resources written to a file should carry; empty leaves
	// it out.
	Namespace(c *cli.Context) string
	// Open opens the site of the chosen namespace. The namespace need not hold a site yet. It starts nothing.
	Open(ctx context.Context, c *cli.Context) (*Site, error)
	// Print shows a result: the answer on s.Out and nothing else there, remarks on s.Err.
	Print(c *cli.Context, s Streams, v View) error
}

// Commander is a Host with commands of its own (a shim, a hidden agent mode), which are added to the tree.
type Commander interface {
	Commands(s Streams) []*cli.Command
}

// Completer is a Host that knows what its own flags can be.
type Completer interface {
	// CompleteFlag gives the values that a flag can have, "VALUE" or "VALUE\tDESCRIPTION"; known is false for a flag of which
	// it does not know. What takes too long or fails is left out.
	CompleteFlag(ctx context.Context, c *cli.Context, flag string) (values []string, known bool)
}

// Manner is the kind of result that output flags are for.
type Manner int

// The manners.
const (
	Change    Manner = iota // a verb that changes something: one result line
	Table                   // a listing or a status
	Documents               // resources to be applied elsewhere; yaml unless told otherwise
)

// Site is an open site.
type Site struct {
	op.Ports
	Namespace string // as messages name it
	Platform  string // kubernetes, podman, docker, linux
	// Close lets go of what Open holds; nil if there is nothing.
	Close func() error
}

// Capabilities are what differs between hosts in the shared tree. The zero value is a host that only stores resources.
type Capabilities struct {
	System        bool     // the tool runs the router itself: it has the system verbs
	Pods          bool     // connectors can select pods: --selector, --workload, --include-not-ready
	HA            bool     // sites can run two routers: --enable-ha
	AccessTypes   []string // values of --link-access-type; none: no such flag
	ListenerHost  string   // default of a listener's --host; empty: the listener's name
	ConnectorHost string   // default of a connector's --host; empty: a selector app=NAME
	// Settled is the state that listener and connector verbs wait for by default: "configured" where none is set.
	Settled string
	// Carried are flags of the host that commands shown to the user have too if they were given, so that these can be run as they stand;
	// namespace and platform always are.
	Carried []string
}
