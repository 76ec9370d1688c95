#!/usr/bin/env bash
# The whole story between sites on this machine: it builds the programs, makes sites in a home that it removes afterwards,
# links them with tokens and without, and sends real traffic from one to the other. Each command is shown as it is run.
# It ends with 0 only if every step did what it should. SIZE is the size of the big transfer in octets (100 MiB).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
size=${SIZE:-104857600}
exec 2>&1 # what commands say on either comes in its order

work=$(mktemp -d "${TMPDIR:-/tmp}/skdemo.XXXXXX") # short: the path of a unix socket holds about 100 octets
work=$(cd "$work" && pwd -P)
export SKUPPER_HOME=$work/home
export SKUPPER_PLATFORM=linux # whatever engines there are
unset XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME
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

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

step() {
	title=$1
	printf '\n%s# %s%s\n' "$bold" "$title" "$plain"
}

failed() {
	echo "demo: $*" >&2
	exit 1
}

# show prints a command as it would be typed, and runs it.
show() {
	printf '$ %s\n' "$*"
	"$@"
}

# ends CODE COMMAND… shows a command that has to end with this exit code.
ends() {
	local want=$1 code=0
	shift
	show "$@" || code=$?
	[ "$code" = "$want" ] || failed "that ended with exit code $code, want $want"
}

# eventually WANTED COMMAND… runs a command until its output matches; each output that differs from the one before is shown.
eventually() {
	local wanted=$1 output before=
	shift
	printf '$ %s\n' "$*"
	for ((i = 0; i < 300; i++)); do
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
	failed "after half a minute this still does not match: $wanted"
}

fetch=(curl -sSf -m 10 --noproxy 127.0.0.1)
command -v curl >/dev/null || fetch=(demo get)

# unused URL wants nobody to answer there, at once.
unused() {
	printf '$ %s\n' "${fetch[*]} $1"
	! "${fetch[@]}" "$1" || failed "the service is still there"
}

step "build the programs"
show env OUT="$work/bin" scripts/build.sh
CGO_ENABLED=0 go -C tests build -buildvcs=false -o "$work/bin/" ./demo
export PATH=$work/bin:$PATH
cd "$work"
{ read -r http; read -r local_port; read -r other_port; } < <(demo ports 3)

step "a site: nothing was installed or started before"
show podman-skupper site create west --namespace west

step "let other sites link to it, which a site does not by itself"
ends 1 podman-skupper token issue west.yaml --namespace west
show podman-skupper site update --enable-link-access --namespace west

step "a token: a claim that may be redeemed three times within an hour"
show podman-skupper token issue west.yaml --expiration-window 60m --redemptions-allowed 3 --namespace west
show ls -l west.yaml
show podman-skupper token inspect west.yaml

step "another site, which may be on another machine, redeems it"
show podman-skupper site create east --namespace east
show podman-skupper token redeem west.yaml --namespace east
eventually 'Ready +1 +OK' podman-skupper link status --namespace east

step "doing that again changes nothing"
show podman-skupper token redeem west.yaml --namespace east
[ "$(podman-skupper link status --quiet --namespace east | wc -l)" = 1 ] || failed "there is more than one link"

step "a server beside the site west, and a connector to it"
demo serve "127.0.0.1:$http" &
server=$!
for ((i = 0; i < 100; i++)); do
	"${fetch[@]}" "http://127.0.0.1:$http/" >/dev/null 2>&1 && break
	sleep 0.1
done
show podman-skupper connector create backend "$http" --host localhost --namespace west

step "a listener in the site east, where the clients are"
show podman-skupper listener create backend "$local_port" --host 127.0.0.1 --namespace east
eventually 'Status: +Ready' podman-skupper listener status backend --namespace east

step "use it"
show "${fetch[@]}" "http://127.0.0.1:$local_port/" | tee answer
grep -q '^hello from the other side$' answer || failed "that is not what the server says"
show demo transfer "http://127.0.0.1:$local_port" "$size"

step "a third site is linked without a token, by a file that holds a key"
echo '$ podman-skupper link generate --namespace west >west-link.yaml'
(umask 077 && podman-skupper link generate --namespace west >west-link.yaml)
show podman-skupper site create north --namespace north
show podman-skupper system apply -f west-link.yaml --namespace north
eventually 'link-west +Ready +1 +OK' podman-skupper link status --namespace north
show podman-skupper listener create backend "$other_port" --host 127.0.0.1 --wait ready --namespace north
show "${fetch[@]}" "http://127.0.0.1:$other_port/" | tee answer
grep -q '^hello from the other side$' answer || failed "that is not what the server says"

step "how it looks"
eventually 'Sites in network: 3' podman-skupper site status west --namespace west
eventually 'backend +Ready' podman-skupper connector status --namespace west
show podman-skupper token status --namespace west
show podman-skupper system status --namespace west

step "the router of west is away for a while: link status says so, and the link comes back by itself"
show podman-skupper system stop --namespace west
eventually 'Pending +1 +Not operational' podman-skupper link status --namespace east
unused "http://127.0.0.1:$local_port/"
show podman-skupper system start --namespace west
eventually 'Ready +1 +OK' podman-skupper link status --namespace east
eventually '^hello from the other side$' "${fetch[@]}" "http://127.0.0.1:$local_port/"

step "a token for one site: another one that tries it is told why it gets nothing, and so is one that tries a revoked token"
show podman-skupper token issue once.yaml --namespace west
show podman-skupper site create south --namespace south
show podman-skupper token redeem once.yaml --namespace south
eventually 'Ready +1 +OK' podman-skupper link status --namespace south
ends 5 podman-skupper token redeem once.yaml --namespace north
show podman-skupper token revoke "$(sed -n 's/^  name: //p' west.yaml)" --namespace west
ends 5 podman-skupper token redeem west.yaml --namespace north

step "undo all of it: what is deleted is gone when the command returns"
show podman-skupper listener delete backend --namespace east
unused "http://127.0.0.1:$local_port/"
show podman-skupper link delete link-west --namespace north
unused "http://127.0.0.1:$other_port/"
show podman-skupper connector delete backend --namespace west
for site in south north east west; do
	show podman-skupper site delete --all --namespace "$site"
done
show podman-skupper system uninstall

step "done"
echo "Sites were linked with a token and without, $((size / 1048576)) MiB went there and back unharmed, and nothing is left of it."
