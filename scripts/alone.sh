#!/usr/bin/env bash
# Runs a command with a network of its own (tests/alone), so that no other program has or takes the ports of its sites:
# scripts/alone.sh COMMAND [ARG…]
# Without a command it prints the path of the program that does so, for go test -exec, or nothing where it cannot be done.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CGO_ENABLED=0 GOFLAGS='' go -C "$root/tests" build -buildvcs=false -o "$root/bin/" ./alone
alone=$root/bin/alone
if [ $# != 0 ]; then
	exec "$alone" "$@"
fi
if reason=$("$alone" -check 2>&1); then
	echo "$alone"
else
	cat >&2 <<TEXT
****************************************************************************
  SITES SHARE THE PORTS OF THIS MACHINE with each other and with whatever else runs:
  $reason
****************************************************************************
TEXT
fi
