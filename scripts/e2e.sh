#!/usr/bin/env bash
# Attacks local sites as they are used: scripts/e2e.sh [GO-TEST-FLAG…]. They have a network of their own where that can be
# made; where not, nothing else that takes the ports from 5671, 9490, 45671 and 55671 on should run beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go -C tests vet -tags e2e ./e2e
go -C plugins/podman-skupper list -deps . >/dev/null # what it is built of is fetched before there is no network
alone=$(scripts/alone.sh)
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
exec scripts/go-test.sh tests -tags e2e -count=1 ${alone:+-exec "'$alone'"} -timeout "${TEST_TIMEOUT:-10m}" "$@" ${TESTFLAGS-} -- ./e2e
