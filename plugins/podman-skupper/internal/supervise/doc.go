// Package supervise runs the router of a local site on plain Linux and observes it.
//
// A router is a process of its own which outlives whoever started it: stopping or upgrading the agent drops no flow.
// The truth about which process it is is a lock on the file router.pid, which the router takes before it does anything
// else and which ends with it, and the record in that file: number and start time of the process, so that a foreign
// process that got the same number is never taken for it, let alone signalled.
//
// Who keeps it running is an [Engine]: systemd, through a unit, where there is one that works; otherwise the agent
// itself, by [Process]. [Local] puts an engine and the router's management together into a site.Runtime.
package supervise
