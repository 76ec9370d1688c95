// Package remote runs this program on another machine, over ssh: podman's user names an engine there by one of podman's
// connections or an address, and a local site is where its engine is. The ssh of the user's system does it, with all that is
// configured for it: keys, agents, known hosts, jumps.
//
// The program there is started with one operand, a Request. Its stdin is what the command reads, in HTTP's chunked encoding
// (RFC 9112, 7.1), so that what was cut off is never taken for the whole; after the last chunk it stays open. When it ends, the
// command is interrupted: whoever it was for has gone.
package remote
