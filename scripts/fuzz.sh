#!/usr/bin/env bash
# Runs every fuzz target of every module for FUZZTIME each (10s); FUZZ chooses by a regular expression.
# A new failing input stays in the package's testdata/fuzz: commit it together with the fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ran=0 failed=()
while IFS=: read -r file target; do
	[[ $target =~ ${FUZZ:-.} ]] || continue
	echo "== ${file%/*} $target"
	(cd "${file%/*}" && go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" -timeout 30m .) || failed+=("$target")
	ran=$((ran + 1))
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/func //' | sort)
if [ $ran = 0 ]; then
	echo "fuzz: no fuzz target matches \"${FUZZ:-.}\"" >&2
	exit 1
fi
if [ ${#failed[@]} != 0 ]; then
	echo "fuzz: failed: ${failed[*]}" >&2
	exit 1
fi
echo "fuzz: $ran targets held"
