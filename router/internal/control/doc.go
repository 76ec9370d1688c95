// Package control is the routing control plane of an interior router: who the
// neighbours are, which routers there are, how to get to each of them, and
// which addresses have destinations there.
//
// # Flow
//
// [Engine] is sans-I/O. Its owner tells it what happens, with the time:
// [Engine.LinkUp], [Engine.LinkLost], [Engine.Receive], [Engine.LocalAdded],
// [Engine.LocalRemoved], and [Engine.Tick] when [Engine.NextDeadline] has come.
// After each call, or after several, it takes [Engine.Effects] and carries them
// out in their order: messages to be sent, and changes for the forwarding tables.
// The same events at the same times give the same effects.
//
// Six kinds of message make up the protocol:
//
//	HELLO  each second on each control link, and at once when a link comes up or
//	       a router is heard that does not know so yet. Two routers that list
//	       each other as heard are neighbours.
//	RA     flooded to all: the numbers of this router's link state and addresses.
//	       Sent after each change of either, and from time to time.
//	LSR    asks one router for its link state; LSU is the answer.
//	MAR    asks one router for its addresses after a number; MAU is the answer,
//	       with all of them. A MAU to all routers tells what changed. It goes out
//	       before the RA with its number, or everybody would send a MAR.
//
// Each event ends in one step (settle) that computes the ways if links changed
// and sends what has become due: LSR, LSU, MAR, MAU, RA, in this order, each
// sorted by router. Routers that work with a tick of one second understand the
// same messages at any pace. Requests are repeated with growing pauses until
// they are answered, because a router that has no way back yet drops its answer.
//
// Ways are shortest paths in the directed graph of all link states. Ties are
// broken by cost, then id, the same everywhere: so each router can grow the
// trees of all others, and tell from them which multicasts pass through itself
// (valid origins). While routers disagree, multicasts can be lost or doubled; a
// lost MAU shows by its number.
//
// # Ownership
//
// An Engine belongs to one goroutine and starts none. It keeps nothing of a
// message given to Receive, and nothing of the bodies it hands out. It knows
// neither connections nor forwarding: whoever forwards floods does well to ask
// [Flood], or the copies multiply in a network with many rings.
//
// # Restarts and losses
//
// A router that comes with another instance has restarted: its link state and
// addresses are dropped and asked for again. So is one whose advertised numbers
// stay behind what is known of it, since two restarts within a second look like
// none. A neighbour is lost with its link, or after HelloMaxAge of silence. The
// addresses of an unreachable router are kept for UnreachableHoldoff, its link
// state until RemoteLSMaxAge after its last RA; a router of which nothing speaks
// is deleted 3 seconds later. With several links to one neighbour, the first
// stays in use until it is lost or misses HELLOs.
//
// # Limits
//
// limits.go has them all: 128 routers (this one included), 128 links, 65536
// addresses of one router and 262144 of all, sizes of messages, ids and keys,
// and the pacing of answers. In a full table those give way that there is no way
// to, then one of the largest branch of the tree of ways, so that whoever
// invents routers keeps out none; the others are passed over and logged.
//
// # Not done
//
// Only one area; routers of another are ignored. Edge routers are not routers
// here, they are local destinations. A neighbour says HELLO under the name with
// which it connected, and only it speaks for itself; but whoever has a control
// link can speak for routers farther off, so the connection has to be
// authenticated. The absolute MAU is one message however many addresses there
// are. The number of producers in address descriptors is sent as 0 and not read.
package control
