// Package kubetest holds the reconcilers of certificates, access, grants and claims to what they promise, on a real API server
// with etcd. There are no nodes and no other controllers: the tests themselves do what the cloud, the garbage collector and the
// reconciler of sites would.
//
// The tests have the build tag kube and are run by scripts/kube.sh. The controller runs within the test's process, so that the
// race detector sees it; where it is to be killed it is a process of its own, which is this test program started again.
package kubetest
