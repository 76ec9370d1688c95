// Package engineapi talks to a container engine over its unix socket: to Podman by libpod's REST interface, to Docker by
// its own. It has the few requests that one container with the host's network needs, in one form for both.
//
// Podman is asked in version 4.0.0 of its interface, which all later ones answer too, and Docker in what it has, from 1.40
// to 1.44. What comes from an engine is bounded, and every request ends with its context. Errors are faults: Missing for what is not there,
// Conflict for a name that is taken, Denied for what is refused; a socket that cannot be used says what to do.
package engineapi
