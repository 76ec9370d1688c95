#!/usr/bin/env bash
# Runs the tests of every module: scripts/test.sh [-race] [GO-TEST-FLAG…]
# TEST_TIMEOUT bounds each package (5m; 10m with -race), TESTFLAGS adds flags: make test TESTFLAGS='-run Token -v'.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
limit=${TEST_TIMEOUT:-5m}
if [ "${1-}" = -race ]; then
	limit=${TEST_TIMEOUT:-10m}
	export CGO_ENABLED=1
	command -v "$(go env CC)" >/dev/null || { echo "test: the race detector needs a C compiler ($(go env CC)); next: install gcc" >&2; exit 1; }
fi
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
# One package at a time: sites of different packages would take each other's ports.
scripts/each-module.sh go test -p 1 -timeout "$limit" "$@" ${TESTFLAGS-} ./...
