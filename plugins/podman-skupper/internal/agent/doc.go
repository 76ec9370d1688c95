// Package agent is the process that looks after the local sites of one user: it makes of the resources in input/ what
// runs, and says in runtime/ how it is.
//
// There is one agent in an installation, which a lock sees to. For each namespace a goroutine owns all that concerns
// it, and does one pass after the other: read the resources, observe the router, plan, make certificates and files,
// apply the difference to the running router, write statuses. A pass follows a change of the input, a request on the
// agent's socket, a change of what the router says (asked every second), and certificates that are due. A pass can be
// repeated from any point: what it made before it was cut off is found and used.
//
// Routers are processes of their own: they go on when the agent ends, and the next agent finds them.
//
// The grant server, at which other sites redeem the tokens of all namespaces, is in the agent too. It listens while
// there are grants that have not expired, or not long ago.
package agent
