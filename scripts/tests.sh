#!/usr/bin/env bash
# Runs the tests that need nothing but Go: scripts/tests.sh [GO-TEST-FLAG…]. TESTS='unit e2e kube cluster podman' chooses among the parts
# below; those that cannot run on this machine say why. A part that fails does not stop the rest, so that one run tells all. RETRY=1
# runs the tests that failed once more (scripts/go-test.sh).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
report=() failed=()
part() {
	local name=$1 at=$SECONDS result=ok
	shift
	[[ " ${TESTS:-unit e2e} " == *" $name "* ]] || return
	printf '\n== tests: %s\n' "$name"
	"$@" || { result=FAILED failed+=("$name"); }
	report+=("$(printf '%-8s %4d s  %s' "$name" $((SECONDS - at)) "$result")")
}
part unit scripts/test.sh "$@"       # the tests of every module
part e2e scripts/e2e.sh "$@"         # local sites as processes
part kube scripts/kube.sh "$@"       # a real kube-apiserver and etcd, built the first time
part cluster scripts/cluster.sh "$@" # real clusters; needs root and containerd
part podman scripts/podman.sh "$@"   # real Podman; needs root
printf '\n== tests: summary\n'
[ ${#report[@]} = 0 ] || printf '%s\n' "${report[@]}"
if [ ${#failed[@]} != 0 ]; then
	echo "tests: failed: ${failed[*]}" >&2
	exit 1
fi
