#!/usr/bin/env bash
# Tests the cluster plugin and the controller against a real kube-apiserver and etcd, which are built the first time: scripts/kube.sh [GO-TEST-FLAG…]
# SKUPPER_KUBE_ASSETS=DIR uses another pair, SKUPPER_KUBE_ASSETS=off leaves the tests out and says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${SKUPPER_KUBE_ASSETS-}" = off ]; then # go test shows nothing of what passes
	echo "kube: SKIPPED, NOTHING WAS TESTED: SKUPPER_KUBE_ASSETS is off" >&2
	exit
fi
[ -n "${SKUPPER_KUBE_ASSETS-}" ] || scripts/kube-assets.sh >/dev/null # apart, so that the build is not taken for a slow test
go -C tests vet -tags kube ./kube ./controller ./script
go -C plugins/kubectl-skupper vet -tags kube ./internal/kubetest
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
scripts/go-test.sh tests -tags kube -count=1 -timeout "${TEST_TIMEOUT:-10m}" "$@" -p 1 ${TESTFLAGS-} -- ./kube ./controller
# shellcheck disable=SC2086
scripts/go-test.sh tests -tags kube -count=1 -timeout "${TEST_TIMEOUT:-10m}" "$@" ${TESTFLAGS-} -run TestKube -- ./script
# What sees inside the controller, and kills it there.
# shellcheck disable=SC2086
exec scripts/go-test.sh plugins/kubectl-skupper -tags kube -count=1 -timeout "${TEST_TIMEOUT:-10m}" "$@" ${TESTFLAGS-} -- ./internal/kubetest
