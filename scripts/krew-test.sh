#!/usr/bin/env bash
# Makes a release of the kubectl plugin, the manifest for it, and really installs it with krew, from a file server on loopback:
# scripts/krew-test.sh [GO-TEST-FLAG…]. DIST is a directory with archives that are there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
dist=${DIST-}
if [ -z "$dist" ]; then
	dist=$(mktemp -d)
	trap 'rm -rf "$dist"' EXIT
	PROGRAMS=kubectl-skupper OUT=$dist scripts/release.sh
fi
scripts/tool.sh validate-krew-manifest -h >/dev/null 2>&1 || true # both are built before the clock of the test runs
scripts/tool.sh krew version >/dev/null 2>&1
SKUPPER_DIST=$(cd "$dist" && pwd) SKUPPER_ROOT=$root go -C tests test -tags krew -count=1 "$@" ./krew
