// Package faults has tests that are named after what goes wrong: a router that is killed or stopped, a link that is cut, lost or flapping, peers and
// clients that misbehave, certificates, memory and files that run out. Routers are processes, sockets are real, and checked traffic runs meanwhile: each
// test tells what the peer sees and how long healing took, and fails when an octet was lost or doubled without the flow being reset.
//
// What else can go wrong is tested where it is handled: the rules of the protocol one by one in conn, the routing protocol under loss, partition, clock
// jumps and restarts in control, a single router's listener in router.
package faults
