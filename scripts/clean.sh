#!/usr/bin/env bash
# Removes what make has put into the tree. The Go caches are shared with other projects and stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rm -rf bin dist scripts/tools/bin scripts/krew/bin
