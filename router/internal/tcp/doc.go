// Package tcp turns TCP connections into pairs of streams over the network and back.
//
// A [Listener] opens its socket while its address can be reached. Each connection that it accepts becomes a client stream to the address; the [Connector] that gets
// it dials its server and answers with a server stream to the reply address. From then on each direction is one never-ending message:
// octets after the head are the connection's octets, the end of the message is the end of the direction, so half-close survives.
//
// # Flow control
//
// The receiving end reports the octets it has given to its socket every limits.StreamAck; the sending end stops reading at limits.StreamWindow octets that were
// not reported. What a socket does not take at once waits in the flow, so a slow reader holds up nobody else.
//
// # Memory
//
// A flow that is idle owns one goroutine, which waits for its socket without a buffer. What waits for slow readers is in chunks of the router's pool, at most
// limits.StreamWindow a flow; should the pool exceed its budget, those flows are reset whose clients have not read for longest.
//
// # Ends
//
// FIN becomes the end of a stream and back. A socket that fails or is reset aborts its own stream and answers the other with MODIFIED; a stream that is
// aborted or refused resets its socket, so that an application never takes a cut for an end.
package tcp
