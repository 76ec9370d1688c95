// Package daemon has the two long-running modes of the program, the agent and the router, and starts the agent when a
// command needs it and it does not run.
package daemon
