#!/usr/bin/env bash
# The whole story between two sites on this machine: it builds the programs, makes two sites in a home that it removes
# afterwards, links them with a token, and sends real traffic from one to the other. Each command is shown as it is run.
# It ends with 0 only if every step did what it should. SIZE is the size of the big transfer in octets (100 MiB).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
size=${SIZE:-104857600}
exec 2>&1 # what commands say on either comes in its order

work=$(mktemp -d "${TMPDIR:-/tmp}/skdemo.XXXXXX") # short: the path of a unix socket holds about 100 octets
work=$(cd "$work" && pwd -P)
export SKUPPER_HOME=$work/home
unset SKUPPER_PLATFORM XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME
server=

finish() {
	code=$?
	trap - EXIT INT TERM
	set +e
	[ -z "$server" ] || kill "$server" 2>/dev/null
	if [ "$code" != 0 ]; then
		echo
		echo "demo: FAILED in step \"$title\" (exit code $code); the end of the logs:" >&2
		find "$SKUPPER_HOME" -name '*.log' -exec sh -c 'echo "--- $1"; tail -n 25 "$1"' - {} \; 2>/dev/null
	fi
	if [ -x "$work/bin/demo" ] && ! "$work/bin/demo" end "$SKUPPER_HOME"; then
		[ "$code" != 0 ] || code=1
	fi
	rm -rf "$work"
	exit "$code"
}
title=start
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() {
	title=$1
	printf '\n\033[1m# %s\033[0m\n' "$title"
}

# show prints a command as it would be typed, and runs it.
show() {
	printf '$ %s\n' "$*"
	"$@"
}

# eventually WANTED COMMAND… runs a command until its output matches; the first and the last output are shown.
eventually() {
	local wanted=$1 output before=
	shift
	printf '$ %s\n' "$*"
	for ((i = 0; i < 300; i++)); do
		if output=$("$@" 2>&1) && grep -qE -- "$wanted" <<<"$output"; then
			printf '%s\n' "$output"
			return
		fi
		if [ -z "$before" ]; then
			before=${output:-(nothing yet)}
			printf '%s\n  …\n' "$before"
		fi
		sleep 0.2
	done
	printf '%s\n' "$output"
	echo "demo: after a minute this still does not match: $wanted" >&2
	return 1
}

fetch=(curl -sSf -m 10 --noproxy 127.0.0.1)
command -v curl >/dev/null || fetch=(demo get)

step "build the programs"
show env OUT="$work/bin" scripts/build.sh
CGO_ENABLED=0 go -C tests build -buildvcs=false -o "$work/bin/" ./demo
export PATH=$work/bin:$PATH
cd "$work"
{ read -r http; read -r local_port; } < <(demo ports 2)

step "a site that others may link to: nothing was installed or started before"
show podman-skupper site create west --enable-link-access --namespace west

step "a token: a claim that one other site may redeem, once, within 15 minutes"
show podman-skupper token issue west.yaml --namespace west
show ls -l west.yaml

step "another site, which may be on another machine"
show podman-skupper site create east --namespace east

step "redeem the token there"
show podman-skupper token redeem west.yaml --namespace east
eventually 'Ready +1 +OK' podman-skupper link status --namespace east

step "a server beside the site west, and a connector to it"
demo serve "127.0.0.1:$http" &
server=$!
show podman-skupper connector create backend "$http" --host localhost --namespace west

step "a listener in the site east, where the clients are"
show podman-skupper listener create backend "$local_port" --host 127.0.0.1 --namespace east
eventually 'Ready' podman-skupper listener status backend --namespace east

step "use it"
eventually '^hello from the other side$' "${fetch[@]}" "http://127.0.0.1:$local_port/"
show demo transfer "http://127.0.0.1:$local_port" "$size"

step "how it looks"
show podman-skupper site status --namespace west
show podman-skupper connector status --namespace west
show podman-skupper site status --namespace east
show podman-skupper link status --namespace east

step "a token that was used up is worth nothing to a third site, which is told why"
show podman-skupper site create north --namespace north
printf '$ podman-skupper token redeem west.yaml --namespace north\n'
code=0
podman-skupper token redeem west.yaml --namespace north || code=$?
if [ "$code" != 5 ]; then
	echo "demo: a used-up token was redeemed, or refused with exit code $code instead of 5" >&2
	exit 1
fi

step "undo all of it"
show podman-skupper listener delete backend --namespace east
show podman-skupper connector delete backend --namespace west
show podman-skupper site delete north --namespace north
show podman-skupper site delete east --namespace east
show podman-skupper site delete west --namespace west
for ((i = 0; ; i++)); do
	"${fetch[@]}" "http://127.0.0.1:$local_port/" >/dev/null 2>&1 || break
	[ "$i" -lt 50 ] || { echo "demo: the service is still there" >&2; exit 1; }
	sleep 0.2
done

step "done"
echo "Two sites were linked, $((size / 1048576)) MiB went there and back unharmed, and nothing is left of it."
