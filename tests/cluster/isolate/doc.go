// Package isolate runs a test program in namespaces of its own, so that it may set up networks, mounts and daemons as root
// and the machine has none of them when it ends, however it ends.
//
// The program is run three times, one inside the other:
//
//   - outside: as go test started it. It builds what is needed, runs the next one, waits, and then puts back what no namespace
//     holds: cgroups and the settings of the kernel.
//   - first: process 1 of the new namespaces (network, mounts, processes, IPC, host name). It mounts what should be private
//     and reaps every process that lost its parent. When it ends the kernel ends all others, mounts and networks with it.
//   - inside: the tests.
//
// There is no way out of the network: the test links only what it makes itself.
package isolate
