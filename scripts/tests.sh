#!/usr/bin/env bash
# Runs the tests that need nothing but Go: scripts/tests.sh [GO-TEST-FLAG…]. TESTS='unit e2e kube cluster podman' chooses among the parts
# below; those that cannot run on this machine say why. A part that fails does not stop the rest, so that one run tells all. RETRY=1
# runs the tests that failed once more (scripts/go-test.sh).
# Parts are in two lanes that run side by side, since most of them wait most of the time: what the second one says comes when both have
# ended. LANES=1 has one after the other. A part that is in both lanes is run by the one that comes to it first.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
lanes=("kube unit e2e" "cluster podman e2e") # cluster and podman never side by side: both run podman
run() {
	case $1 in
	unit) scripts/test.sh "${@:2}" ;;       # the tests of every module
	e2e) scripts/e2e.sh "${@:2}" ;;         # local sites as processes
	kube) scripts/kube.sh "${@:2}" ;;       # a real kube-apiserver and etcd, built the first time
	cluster) scripts/cluster.sh "${@:2}" ;; # real clusters; needs root and containerd
	podman) scripts/podman.sh "${@:2}" ;;   # real Podman; needs root
	esac
}
# lane NUMBER [GO-TEST-FLAG…] runs the parts that are wanted of a lane, and fails if one of them does. What failed it gathers in a file of its own: two that write to one mix it up.
lane() {
	local number=$1 gathered=${FAILURES-} part at result bad=0
	shift
	[ -z "$gathered" ] || export FAILURES=$work/failures.$number
	for part in ${lanes[number]}; do
		[[ " ${TESTS:-unit e2e} " == *" $part "* ]] && mkdir "$work/taken.$part" 2>/dev/null || continue
		at=$SECONDS result=ok
		printf '\n== tests: %s\n' "$part"
		run "$part" "$@" || { result=FAILED bad=1; echo "$part" >>"$work/failed.$number"; }
		printf '%-8s %4d s  %s\n' "$part" $((SECONDS - at)) "$result" >>"$work/report.$number"
	done
	[ -z "$gathered" ] || FAILURES=$gathered
	return $bad
}
# end has the lanes that run end with all that is in them: as a terminal does it, then as whoever ends a program, and by force at last.
end() {
	trap '' INT TERM HUP
	cat "$work/log"
	local pid signal seconds
	for signal in INT TERM KILL; do
		for pid in "${pids[@]}"; do kill "-$signal" -- "-$pid" 2>/dev/null; done
		for ((seconds = 0; seconds < 25; seconds++)); do
			for pid in "${pids[@]}"; do kill -0 -- "-$pid" 2>/dev/null && sleep 1 && continue 2; done
			exit 130
		done
	done
	exit 130
}
work=$(mktemp -d) || exit 1
failed=0
trap 'rm -rf "$work"' EXIT
wanted=()
for number in "${!lanes[@]}"; do
	for part in ${lanes[number]}; do
		[[ " ${TESTS:-unit e2e} " != *" $part "* ]] || { wanted+=("$number"); break; }
	done
done
if [ ${#wanted[@]} -lt 2 ] || [ "${LANES-}" = 1 ]; then
	for number in "${wanted[@]}"; do lane "$number" "$@" || failed=1; done
else
	pids=()
	trap end INT TERM HUP
	set -m # each lane is a process group, which gets no signal from the terminal but from here
	(trap 'exit 130' INT; trap - EXIT TERM HUP; lane 0 "$@") </dev/null &
	pids+=($!)
	(trap 'exit 130' INT; trap - EXIT TERM HUP; lane 1 "$@") </dev/null >"$work/log" 2>&1 &
	pids+=($!)
	set +m
	for number in 0 1; do
		wait "${pids[number]}"
		case $? in
		0) ;;
		1) failed=1 ;;
		*) failed=1 && echo "lane of ${lanes[number]}" >>"$work/failed.$number" ;; # it has not come to its end, so some part has no report
		esac
	done
	cat "$work/log"
fi
cat "$work"/failures.* >>"${FAILURES:-/dev/null}" 2>/dev/null
printf '\n== tests: summary\n'
cat "$work"/report.* 2>/dev/null
if [ $failed != 0 ]; then
	echo "tests: failed: $(cat "$work"/failed.* 2>/dev/null | tr '\n' ' ')" >&2
	exit 1
fi
