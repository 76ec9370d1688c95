#!/usr/bin/env bash
# go test in a module's directory: scripts/go-test.sh DIR [GO-TEST-FLAG…] -- PACKAGE…
# With RETRY=1 the tests that failed run once more by name (a package that ended otherwise, such as at its time limit, runs whole), and
# those that pass then are reported as FLAKY, a data race excepted: processes, clusters and containers share the machine with whatever else runs there.
set -euo pipefail
dir=${1:?usage: scripts/go-test.sh DIR [GO-TEST-FLAG…] -- PACKAGE…}
shift
flags=()
while [ $# != 0 ] && [ "$1" != -- ]; do
	flags+=("$1")
	shift
done
shift # the --
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap interrupted=1 INT # tests that clean up say so until the end, and then who called this is to know why it ended
status=0
go -C "$dir" test "${flags[@]}" "$@" | tee -i "$log" || status=$?
trap - INT
if [ -n "${interrupted-}" ]; then
	rm -f "$log"
	kill -INT $$
fi
[ $status != 0 ] || exit 0
if [ -n "${FAILURES-}" ]; then # a file that gathers the beginnings of what failed
	grep -nE -A 12 '^ *--- FAIL: |^panic: |^WARNING: DATA RACE|build failed' "$log" | head -n 60 >>"$FAILURES"
fi
[ "${RETRY-}" = 1 ] || exit 1
if grep -q '^WARNING: DATA RACE' "$log"; then
	echo "go-test: a data race is one, however seldom it is seen: nothing runs once more" >&2
	exit 1
fi
# What failed, a line each: a package and a pattern of its tests. A test's line is printed before its package's.
mapfile -t again < <(awk -F'\t' '
	/^--- FAIL: / { split($0, w, " "); names = names (names == "" ? "" : "|") w[3] }
	/^panic: / { ended = 1 }
	$1 == "ok" { names = ""; ended = 0 }
	$1 == "FAIL" && $2 != "" { split($2, w, " "); print w[1] "\t" (ended || names == "" ? "." : "^(" names ")$"); names = ""; ended = 0 }' "$log")
[ ${#again[@]} != 0 ] || exit 1
failed=()
for one in "${again[@]}"; do
	package=${one%%$'\t'*} tests=${one#*$'\t'}
	echo "== FAILED, once more: $package $tests"
	if go -C "$dir" test "${flags[@]}" -count=1 -run "$tests" "$package"; then
		echo "== FLAKY, passed the second time: $package $tests"
	else
		failed+=("$package $tests")
	fi
done
if [ ${#failed[@]} != 0 ]; then
	printf 'go-test: failed twice: %s\n' "${failed[@]}" >&2
	exit 1
fi
