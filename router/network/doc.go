// Package network watches the whole network through one of its routers, and says what is in it: sites with their
// routers, links between them, and the listeners and connectors of services.
//
// # Flow
//
// [Collect] is a client of a router. It hears the beacons of all sources of telemetry in the network, subscribes to each
// source, asks it for all its records and keeps them as they change. A source that is silent for [Silence] is forgotten
// with all it said. From the records a [Status] is made, at most once a second and only when it is another one.
//
// # Trust
//
// Whoever is in the network can say anything here. Texts that are too long or not printable are dropped, a source tells
// only of itself (a router of its own links and services, a controller of its own site and processes), and there are
// bounds on sources and records. What [Options].Own knows of the own site nobody else can say otherwise. A member of the network
// could still send to the addresses of somebody else's source: messages do not say who sent them. Names are still what other sites chose: check them before making something of them.
//
// # Ownership
//
// One goroutine has all records; each subscription has one that reads. All end before Collect returns.
package network
