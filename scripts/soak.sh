#!/usr/bin/env bash
# Runs the soak tests of tests/bench (TestSoak…) for SOAK each (10m): long traffic with faults.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../tests"
if ! grep -qsE '^func TestSoak' bench/*_test.go; then
	echo "soak: there is no TestSoak… in tests/bench, so there is nothing to run" >&2
	exit 1
fi
export SOAK=${SOAK:-10m}
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
go test -count 1 -v -run '^TestSoak' -timeout 24h ${TESTFLAGS-} ./bench/...
