#!/usr/bin/env bash
# Measures a pair of routers, and other tunnels for comparison, on this machine (tests/bench): throughput, CPU, latency,
# connection rate, memory, and how soon services and links are ready. It takes under 6 minutes with SKROUTERD, and wants a machine that does nothing else.
#   SKROUTERD=PROGRAM        compare with the real router too
#   BENCH=REGEXP             only some of it: make bench BENCH='lat|memory'
#   BENCH_DUR=2s             time for each measurement
#   BENCH_REPS=1             rounds; 3 or more for figures to rely on
#   BENCH_OUT=FILE           where figures are appended, a JSON object in each line (tests/bench/results.jsonl)
#   ROUTER=PROGRAM           measure this program instead of bin/skupper-router, which is built first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
args=()
if [ -n "${SKROUTERD-}" ]; then
	[ -x "$SKROUTERD" ] || { echo "bench: SKROUTERD=$SKROUTERD is not a program that can be run" >&2; exit 2; }
	args+=(-skrouterd "$(realpath "$SKROUTERD")")
else
	echo "bench: SKROUTERD is not set: NOTHING IS COMPARED with the real router" >&2
fi
router=$(scripts/skupper-router.sh)
PROGRAMS=podman-skupper scripts/build.sh >/dev/null
CGO_ENABLED=0 go -C tests build -trimpath -buildvcs=false -o ../bin/ ./bench
ulimit -n "$(ulimit -Hn)" # thousands of idle connections
exec bin/bench -router "$router" -plugin "$PWD/bin/podman-skupper" -out "${BENCH_OUT:-tests/bench/results.jsonl}" \
	-dur "${BENCH_DUR:-2s}" -rounds "${BENCH_REPS:-1}" -only "${BENCH-}" ${args[@]+"${args[@]}"}
