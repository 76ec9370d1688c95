#!/usr/bin/env bash
# A site in a cluster and one on this machine, linked by a token, as a person would type it. The test gives a cluster that has the
# controller, an empty directory to be in, and a home for local sites.
set -euo pipefail
exec 2>&1

show() {
	printf '\n$ %s\n' "$*"
	"$@"
}

failed() {
	echo "chapter: $*"
	exit 1
}

# eventually WANTED COMMAND… runs a command until its output matches.
eventually() {
	local wanted=$1 output before=
	shift
	printf '\n$ %s\n' "$*"
	for ((i = 0; i < 1200; i++)); do
		if output=$("$@" 2>&1) && grep -qE -- "$wanted" <<<"$output"; then
			printf '%s\n' "$output"
			return
		fi
		if [ "$output" != "$before" ]; then
			before=$output
			printf '%s\n  …\n' "$output"
		fi
		sleep 0.1
	done
	failed "after minutes this still does not match: $wanted"
}

# In the cluster
show kubectl create namespace west-chapter
show kubectl config set-context --current --namespace west-chapter
show kubectl skupper site create west
show kubectl skupper site update --enable-link-access
mkdir build
show kubectl skupper token issue build/west.yaml --expiration-window 60m --redemptions-allowed 3
[ "$(stat -c %a build/west.yaml)" = 600 ] || failed "others can read the token"

# On this machine
show podman-skupper site create east
show podman-skupper token redeem build/west.yaml
eventually 'Ready +1 +OK' podman-skupper link status

# From here to a service of the cluster
kubectl create deployment backend --image=localhost/demo:test --port=8080 -- /demo serve :8080
show kubectl rollout status deployment/backend --timeout=180s
show kubectl skupper connector create backend 8080 --workload deployment/backend
show podman-skupper listener create backend 18080 --host 127.0.0.1
eventually 'Ready' podman-skupper listener status backend
show demo get http://127.0.0.1:18080/
show demo transfer http://127.0.0.1:18080 20000000

# From the cluster to a service here
demo serve 127.0.0.1:18081 &
trap 'kill %1' EXIT
show podman-skupper connector create local 18081 --host 127.0.0.1
show kubectl skupper listener create local 8080
eventually 'Ready' kubectl skupper listener status local
show kubectl exec deployment/backend -- /demo get http://local:8080/
show kubectl exec deployment/backend -- /demo transfer http://local:8080 20000000

# How it looks
eventually 'Ready' kubectl skupper site status
eventually 'east' kubectl skupper link status -o wide
show kubectl skupper connector status
show kubectl skupper listener status
show kubectl skupper token status
show kubectl get sites,links,listeners,connectors,accessgrants
show podman-skupper site status
show podman-skupper link status

# Undo it
show podman-skupper site delete --all
show kubectl skupper site delete --all
show kubectl delete namespace west-chapter --timeout=180s
echo
echo "chapter: done"
