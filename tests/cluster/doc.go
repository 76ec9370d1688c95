// Package cluster runs the whole product on real Kubernetes clusters: our images, real routers in pods, local sites beside them and
// in containers of Podman on other hosts, and real traffic between all of them.
//
// The tests have the build tag cluster: they need root, containerd and minutes. scripts/cluster.sh runs them; where they
// cannot run they say so and test nothing. SKUPPER_KUBE_ASSETS=off leaves them out.
package cluster
