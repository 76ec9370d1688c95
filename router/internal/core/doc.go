// Package core is the router's table of addresses, links and deliveries, and the rules by which messages are forwarded.
//
// # Ownership
//
// One goroutine, [Core.Run], owns every table. Others give it work with [Core.Do], which never blocks. The fields of a [Connection], [Address], link or node are
// touched on that goroutine only, unless a comment says otherwise.
//
// # Data path
//
// The core decides where a delivery goes and binds its [Outlet]; from then on octets go from the connection's reader, or from the TCP
// stream's goroutine, straight into the outlet, and outcomes and window acknowledgements straight back into the [Source]. Neither passes the core's goroutine. A
// delivery holds octets only until it is bound; messages that are not marked as streaming are held until they are complete, up to
// limits.MaxBuffered.
//
// # Forwarding
//
// Addresses are hashed to keys with a class letter (M mobile, L local, T topological, R router, H edge). Mobile addresses are forwarded closest,
// balanced or multicast; unsettled deliveries stay unsettled end to end.
//
// # Edge routers
//
// An edge router forwards what it has no destination for over its active uplink (uplink.go). An interior router keeps what its edge routers have and use in the
// same address table as everything else (edge.go); what came from one never goes back to it.
package core
