#!/usr/bin/env bash
# Runs tests/interop against the router program in SKROUTERD (skrouterd of skupper-router).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../tests"
if [ -z "${SKROUTERD-}" ]; then
	cat >&2 <<'TEXT'
****************************************************************************
  interop: SKIPPED. NOTHING WAS TESTED against a real router.
  next: make interop SKROUTERD=/path/to/skrouterd
****************************************************************************
TEXT
	exit 0
fi
[ -x "$SKROUTERD" ] || { echo "interop: SKROUTERD=$SKROUTERD is not a program that can be run" >&2; exit 2; }
compgen -G 'interop/*_test.go' >/dev/null || { echo "interop: there are no tests in tests/interop" >&2; exit 1; }
SKROUTERD=$(realpath "$SKROUTERD")
export SKROUTERD
"$SKROUTERD" --version
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
go test -count 1 -v -timeout "${TEST_TIMEOUT:-30m}" ${TESTFLAGS-} ./interop/...
