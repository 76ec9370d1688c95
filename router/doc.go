// Package router assembles and runs one service network router from its configuration.
//
// # Layers
//
// From the wire up: wire (AMQP types), frame (performatives), conn (one connection without its socket), transport (sockets, TLS), core (addresses, links, deliveries,
// forwarding), and beside it control (the routing protocol, without I/O), tcp (TCP connections to streams and back) and agent (the management node). This package
// joins them: it moves control messages between control and core, starts what the configuration names, and changes it live on management requests.
//
// # Ownership
//
// [Router.Run] owns every goroutine and returns when all have ended. Entities change under one mutex, one request at a time.
package router
