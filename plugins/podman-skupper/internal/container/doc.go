// Package container runs the router of a local site in a container of Podman or Docker, as a supervise.Engine.
//
// The container is named for its namespace, has the host's network, sees the router's configuration and certificates and
// nothing else of the namespace, and is restarted by the engine itself. Which process it is stands in the namespace's
// router.pid as for a router without a container, so that whoever only looks needs no engine: a router whose engine is
// gone goes on and is seen to. A container of that name is adopted if it is this namespace's and refused if it is not.
//
// The image is the one that is configured, or one made here of this very program, which needs no registry: see [Choice].
package container
