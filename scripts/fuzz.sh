#!/usr/bin/env bash
# Runs every fuzz target of every module for FUZZTIME each (10s, or a number of executions such as 13000000x); FUZZ chooses by a regular expression
# that is matched with "DIR TARGET", such as 'internal/conn FuzzInput'. router/doc/fuzz.md says what each target has had.
# A new failing input stays in the package's testdata/fuzz: commit it together with the fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
export GOGC=${GOGC:-400} # a worker's memory is small: most of what it collects was made a millisecond ago
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ran=0 failed=()
limit=30m
[[ ${FUZZTIME-} != *x ]] || limit=24h # the go command would end them after that; how long so many take differs by far

# fuzz DIR TARGET. An input that is new is made small by a few tries only: by default that takes a minute each, which is all the
# time there is. A run whose time is over between two such tries may end with "context deadline exceeded" and no input: that is no
# finding, and it runs once more.
fuzz() {
	local try
	for try in 1 2; do
		(cd "$1" && go test -toolexec "$root/scripts/fuzz-compile.sh" -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-10s}" -fuzzminimizetime 20x -timeout $limit .) 2>&1 | tee "$log" && return
		grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log" || break
	done
	[ -z "${FAILURES-}" ] || tail -n 20 "$log" >>"$FAILURES" # where the gate gathers what failed
	return 1
}

while IFS=: read -r file target; do
	[[ "${file%/*} $target" =~ ${FUZZ:-.} ]] || continue
	echo "== ${file%/*} $target"
	fuzz "${file%/*}" "$target" || failed+=("${file%/*} $target")
	ran=$((ran + 1))
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/func //' | sort)
if [ $ran = 0 ]; then
	echo "fuzz: no fuzz target matches \"${FUZZ:-.}\"" >&2
	exit 1
fi
if [ ${#failed[@]} != 0 ]; then
	printf 'fuzz: failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
echo "fuzz: $ran targets held"
