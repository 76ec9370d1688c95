#!/usr/bin/env bash
# Attacks local sites as they are used: scripts/e2e.sh [GO-TEST-FLAG…]. Sites take the ports from 5671, 45671 and 55671 on, so nothing else
# that does so should run beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go -C tests vet -tags e2e ./e2e
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
exec go -C tests test -tags e2e -count=1 -timeout "${TEST_TIMEOUT:-10m}" "$@" ${TESTFLAGS-} ./e2e
