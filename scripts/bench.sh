#!/usr/bin/env bash
# Runs the benchmarks of tests/bench; BENCH chooses by a regular expression, BENCHTIME is the time for each (go's default 1s).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../tests"
if ! grep -qsE '^func Benchmark' bench/*_test.go; then
	echo "bench: there is no benchmark in tests/bench, so there is nothing to measure" >&2
	exit 1
fi
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -benchmem -timeout 60m ${TESTFLAGS-} ./bench/...
