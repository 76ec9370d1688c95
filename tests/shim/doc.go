// Package shim tests that podman is the same with the shim before it as without, and that docker takes the program for its
// plugin: with the real podman and the real docker client where there are any, and with a recorder in podman's place.
package shim
