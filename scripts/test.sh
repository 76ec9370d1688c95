#!/usr/bin/env bash
# Runs the tests of every module: scripts/test.sh [-race] [GO-TEST-FLAG…]
# TEST_TIMEOUT bounds each package (10m), TESTFLAGS adds flags: make unit TESTFLAGS='-run Token -v'.
# RETRY=1 runs what failed once more (scripts/go-test.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
limit=${TEST_TIMEOUT:-10m}
if [ "${1-}" = -race ]; then
	limit=${TEST_TIMEOUT:-10m}
	export CGO_ENABLED=1
	command -v "$(go env CC)" >/dev/null || { echo "test: the race detector needs a C compiler ($(go env CC)); next: install gcc" >&2; exit 1; }
fi
modules=$(scripts/each-module.sh)
alone=$(scripts/alone.sh)
# Sites have fixed ports, and a router's test may be given one that another program took meanwhile: with networks of their own packages
# can run side by side, which pays because most of them wait most of the time.
common=(-p 1)
[ -z "$alone" ] || common=(-p 2 -exec "'$alone' -kept")
failed=()
for dir in $modules; do
	flags=("${common[@]}")
	[ "$dir" != ./tests ] || flags+=(-count=1) # go test does not see that a program is another one, and would take an old result
	echo "== ${dir#./}"
	# shellcheck disable=SC2086 # TESTFLAGS is a list of words
	scripts/go-test.sh "$dir" "${flags[@]}" -timeout "$limit" "$@" ${TESTFLAGS-} -- ./... && continue
	failed+=("${dir#./}")
done
# The CRDs are made of comments in another module, which go test does not watch either.
scripts/go-test.sh plugins/kubectl-skupper -count=1 -- ./deploy || failed+=("plugins/kubectl-skupper/deploy")
if [ ${#failed[@]} != 0 ]; then
	echo "test: failed in: ${failed[*]}" >&2
	exit 1
fi
