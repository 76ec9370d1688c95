// Package routertest runs networks of routers in tests: engines in the test's own process, programs beside it, or both together, over loopback.
//
// A [Mesh] owns certificates, ports, routers and cables. [Mesh.Add] declares a router, [Mesh.Link] a link between two of them, [Mesh.Start] runs all and
// waits until everybody knows everybody. A [Node] is asked through its management address, as an operator would, so that a node of ours and one of another
// make are told apart by nothing but their [Runner]. [Exercise] sends every kind of traffic between two nodes.
//
// Everything ends with the test, and the logs of the routers are shown if it failed.
package routertest
