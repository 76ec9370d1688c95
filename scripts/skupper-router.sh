#!/usr/bin/env bash
# Prints the path of the router that measurements are made with: ROUTER, or bin/skupper-router after building it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -n "${ROUTER-}" ]; then
	[ -x "$ROUTER" ] || { echo "ROUTER=$ROUTER is not a program that can be run" >&2; exit 2; }
	exec realpath "$ROUTER"
fi
dir=router/cmd/skupper-router
flags=$(scripts/version.sh "$dir")
mkdir -p bin
CGO_ENABLED=0 go -C "$dir" build -trimpath -buildvcs=false -ldflags "$flags" -o "$PWD/bin/" .
realpath bin/skupper-router
