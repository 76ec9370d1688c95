// Package kube runs the cluster plugin against a real API server: kube-apiserver and etcd, without nodes and controllers.
//
// scripts/kube-assets.sh builds the two once, at pinned versions. The tests have the build tag kube, as that takes minutes the
// first time. SKUPPER_KUBE_ASSETS names a directory with another pair, or is "off": then nothing is tested.
package kube
