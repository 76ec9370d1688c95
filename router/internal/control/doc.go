// Package control is the routing control plane.
package control
