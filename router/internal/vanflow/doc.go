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
// # Flows
//
// A [Ledger] has the records of TCP connections. The router that accepts one has its record; the one that joins it with its server has a half record,
// which it sends to the first under the identity that came with the stream. What a flow has carried is counted by the flow itself and looked at once a
// second, and only while somebody listens to flows: until then a flow costs its entry in the ledger and no message but that with its other half.
//
// # Logs
//
// A [Log] has the records of log lines that warn. They have no life: each is told once, to whoever listens when it is written, and then forgotten.
//
// # Limits
//
// Nothing is made while nobody listens. A record is sent at most once a second, however often it changes or a flush is
// asked for, and a message has at most fifty records. The ledger has at most [MaxFlows] flows, of which at
// most some 20,000 may end in a second; further ones are carried, counted and not told of.
//
// # Ownership
//
// There is no clock and no socket in here. The methods of a source and its records are called by one goroutine, which in a router is the core's. Those of
// a ledger and its flows may be called by any: they take its lock for a moment. Its Step is for one goroutine, which does the work.
//
// # Not done
//
// Records of what is said over a flow (BIFLOW_APP) are not made: they take looking into what flows carry, which the observer of a listener is for.
package vanflow
