// Package controller runs the real skupper-controller against a real API server, with the rights that its manifest gives it. There
// are no nodes: what a kubelet would say of pods, and an adaptor of the network, the tests say. There is no garbage collector
// either: tests look at who owns what.
//
// The tests have the build tag kube, as those of tests/kube, and use the same server. Each numbered Gnn is a promise of the
// contract that sites of all implementations keep.
package controller
