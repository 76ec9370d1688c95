package supervise

import (
	"context"
	"time"
)

// Engine keeps one router process running. Its methods are not called concurrently.
type Engine interface {
	// Start starts the router unless it runs, and returns when its process has taken the namespace's claim. An error
	// has the last lines of the router's log.
	Start(ctx context.Context) error
	// Stop ends the router, gently first, and returns when it is gone. It is no error if it does not run.
	Stop(ctx context.Context) error
	// State tells what runs. It starts nothing.
	State(ctx context.Context) State
	// Remove takes away what the engine has set up outside of the namespace's directory.
	Remove(ctx context.Context) error
}

// Keeper is an Engine that has things of its own outside of the router's process, such as what starts it with the machine.
type Keeper interface {
	// Keep makes them what they are to be. It is called after a router was started or found, and again when somebody asks
	// for everything to be looked at; that the router runs does not depend on it.
	Keep(ctx context.Context) error
}

// Preparer is an Engine that needs more than a router's program to start one, such as an image.
type Preparer interface {
	// Prepare gets what the next Start needs, and says why it could not. A router that runs is not touched: it is asked before
	// one is ended only to be started anew.
	Prepare(ctx context.Context) error
}

// Explainer is an Engine that may know why a router that runs does not answer.
type Explainer interface {
	// WhySilent says so, and what to do about it; empty: it does not know.
	WhySilent(ctx context.Context) string
}

// State is how a router's process is.
type State struct {
	Running bool
	PID     int
	Since   time.Time
	Detail  string // what runs it, or why it does not run
	// Err says why nothing is known, as whoever runs the router does not answer: it may run, and cannot be started.
	Err error
}

// Spec is the router of one namespace.
type Spec struct {
	Namespace string
	Program   string   // this program's absolute path
	Args      []string // arguments that make it the router
	Env       []string // environment, KEY=value
	PIDFile   string   // see Claim
	Log       string   // log file; the router bounds its size
}
