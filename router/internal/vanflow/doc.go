// Package vanflow is a source of telemetry: records of what a router or a site consists of and how that is, for whoever
// wants to draw the network.
//
// # Flow
//
// A [Source] has [Record]s. Whoever owns a thing (a link, a listener) begins its record, sets attributes as they change,
// and ends it. [Source.Step] gives the messages that are due: beacons on an address that all sources share, and heartbeats
// and records on the source's own. A consumer finds the source by its beacon, subscribes to its address and sends it a
// FLUSH, upon which [Source.Flush] has every record sent again in full; from then on only what changed is sent.
//
// # Limits
//
// Nothing is made while nobody listens. A record is sent at most once a second, however often it changes or a flush is
// asked for, and a message has at most fifty records.
//
// # Ownership
//
// There is no clock, no socket and no lock in here: all methods are called by one goroutine, which in a router is the core's.
//
// # Not done
//
// Records of single flows (BIFLOW_TPORT, BIFLOW_APP) and of log lines (LOG), with their addresses, are not made.
package vanflow
