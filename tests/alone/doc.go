// Command alone runs another command with a network of its own, where that is possible: sites use ports that are fixed by what Skupper is, and on the
// machine's network they collide with each other's and with connections that happen to go out from one of them.
//
//	alone COMMAND [ARG…]   runs it; on the machine's network, and saying so, where it must be
//	alone -kept PROGRAM [ARG…]   the same for go test -exec, whose program is a test's: go test keeps its result until something changes
//	alone -check           tells by its exit code, and on standard error, whether networks can be made here
//
// It needs no other program and no root where the system lets users make namespaces. It serves go test -exec.
package main
