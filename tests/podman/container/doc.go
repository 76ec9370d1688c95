// Package container runs container engines for tests: a Podman service or a Docker daemon with a store of its own, which is gone
// afterwards, in the network of a test or of a host that it made.
package container
