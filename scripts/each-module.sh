#!/usr/bin/env bash
# Runs a command in the directory of each module of the workspace: scripts/each-module.sh COMMAND [ARG…]
# Without a command it prints the directories. It goes on after a failure, names the modules that failed and then fails.
#
# A module that is missing in go.work would silently go untested, so the go.mod files are counted against go.work first.
# What is below scripts is not counted: it only pins tools, and nothing may depend on it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

found=$(find . -name go.mod -not -path './.git/*' -not -path './scripts/*' -not -path '*/testdata/*' -exec dirname {} \; | sort)
listed=$(awk '$1 == "use" && $2 != "(" { print $2 } /^use \(/ { in_use = 1; next } in_use && /^\)/ { in_use = 0 } in_use && NF { print $1 }' go.work | sort)
if [ "$found" != "$listed" ]; then
	echo "each-module: go.work and the go.mod files differ ($(wc -l <<<"$listed") listed, $(wc -l <<<"$found") found):" >&2
	diff <(echo "$listed") <(echo "$found") | sed -n 's/^</  only in go.work: /p; s/^>/  not in go.work: /p' >&2
	echo "  next: go work use -r . or remove what is not there any more" >&2
	exit 1
fi
if [ $# = 0 ]; then
	echo "$listed"
	exit
fi

failed=()
for dir in $listed; do
	echo "== ${dir#./}: $*"
	(cd "$dir" && "$@") || failed+=("${dir#./}")
done
if [ ${#failed[@]} != 0 ]; then
	echo "each-module: failed in: ${failed[*]}" >&2
	exit 1
fi
