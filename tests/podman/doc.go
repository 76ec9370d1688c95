// Package podman tests local sites in containers of real engines: a Podman service and, where there is one, a Docker daemon,
// each with a store of its own that is gone afterwards, in a network of their own.
//
// The tests are built with the tag podman only, and run by scripts/podman.sh. They need root and Debian's podman and runc;
// without them they say so and test nothing.
package podman
