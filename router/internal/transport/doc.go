// Package transport drives connections over sockets: TCP and TLS, one reader and one writer goroutine for each, timers, dialling.
//
// The reader takes as many octets as the socket has at once, hands them to the sans-I/O connection under its mutex, and calls the [Receiver] when the
// mutex is free again: a receiver may call into other connections without an order of locks. Other goroutines add output through [Peer]'s methods; the
// writer takes all of it at a time and gives it to the socket in few large writes. Producers that may block wait for room with [Peer.WaitRoom];
// readers never block on a writer, so two routers cannot stall each other.
package transport
