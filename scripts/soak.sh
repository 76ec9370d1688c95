#!/usr/bin/env bash
# Sends checked traffic through a network of routers on this machine while their links are cut (tests/soak), and fails if an
# octet is wrong, a flow is stuck or lost without a cause, or a router does not give back what it held.
#   SOAK=20m          time of traffic; a third router joins when half of it is over
#   SOAK_FLOWS=32     flows at once
#   SOAK_EVERY=10s    time between lines
#   SOAK_SEED=NUMBER  what is chosen by chance, as told by a run that failed
#   SOAK_KINDS=LIST   only these kinds of flows: bin/soak -h names them
#   ROUTER=PROGRAM    this router instead of bin/skupper-router, which is built first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
router=$(scripts/skupper-router.sh)
CGO_ENABLED=0 go -C tests build -trimpath -buildvcs=false -o ../bin/ ./soak
exec bin/soak -router "$router" -for "${SOAK:-20m}" -flows "${SOAK_FLOWS:-32}" -every "${SOAK_EVERY:-10s}" \
	-kinds "${SOAK_KINDS-}" ${SOAK_SEED:+-seed "$SOAK_SEED"}
