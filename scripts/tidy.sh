#!/usr/bin/env bash
# Tidies every go.mod by itself. A module's tidiness depends on those it requires, so they go first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/each-module.sh >/dev/null # none may be missing below
export GOWORK=off
for dir in router shared plugins/kubectl-skupper plugins/podman-skupper tests scripts/tools scripts/kube scripts/krew; do
	echo "== $dir"
	go -C "$dir" mod tidy
done
