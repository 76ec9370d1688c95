#!/usr/bin/env bash
# Builds every program for this machine into bin/, or into OUT. PROGRAMS="podman-skupper" chooses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$(mkdir -p "${OUT:-bin}" && cd "${OUT:-bin}" && pwd)
export CGO_ENABLED=0
programs=$(scripts/programs.sh)
if [ -n "${PROGRAMS-}" ]; then
	programs=$(for p in $PROGRAMS; do grep "^$p " <<<"$programs" || { echo "build: there is no program $p" >&2; exit 2; }; done)
fi
[ -n "$programs" ] || { echo "build: no program was found" >&2; exit 1; }
while read -r name dir; do
	flags=$(scripts/version.sh "$dir")
	go -C "$dir" build -trimpath -buildvcs=false -ldflags "$flags" -o "$out/" .
	echo "built ${OUT:-bin}/$name"
done <<<"$programs"
