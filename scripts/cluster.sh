#!/usr/bin/env bash
# Tests the whole product on real Kubernetes clusters in network namespaces: scripts/cluster.sh [GO-TEST-FLAG…]. It needs root, and Debian's
# containerd, runc, containernetworking-plugins, iptables, conntrack and iproute2 (CLUSTER_PACKAGES=install gets what is missing);
# otherwise it says what is missing and tests nothing. With podman a site in a container is linked to those in clusters. Kubernetes is built the first time. SKUPPER_KUBE_ASSETS=off leaves the tests out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${SKUPPER_KUBE_ASSETS-}" = off ]; then # go test shows nothing of what passes
	echo "cluster: SKIPPED, NOTHING WAS TESTED: SKUPPER_KUBE_ASSETS is off" >&2
	exit
fi
if [ "${CLUSTER_PACKAGES-}" = install ]; then
	scripts/cluster-packages.sh || echo "cluster: packages could not be installed; going on with what is there" >&2
fi
missing=()
[ "$(id -u)" = 0 ] || missing+=("root")
for program in containerd runc ctr iptables conntrack ip nsenter /usr/lib/cni/bridge; do
	command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} != 0 ]; then
	echo "cluster: SKIPPED, NOTHING WAS TESTED: missing: ${missing[*]}" >&2
	exit
fi
[ -n "${SKUPPER_KUBE_ASSETS-}" ] || scripts/kube-assets.sh >/dev/null # apart, so that the build is not taken for a slow test
go -C tests vet -tags cluster ./cluster/...
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
exec scripts/go-test.sh tests -tags cluster -count=1 -timeout "${TEST_TIMEOUT:-25m}" "$@" ${TESTFLAGS-} -- ./cluster
