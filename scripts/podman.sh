#!/usr/bin/env bash
# Tests local sites in containers of a real Podman: scripts/podman.sh [GO-TEST-FLAG…]. It needs root, and Debian's podman and runc
# (PODMAN_PACKAGES=install gets what is missing); otherwise it says what is missing and tests nothing. Where there is
# a dockerd the same is done with that. Engines, stores and network are the tests' own, and gone afterwards. What else can be named:
#   SKUPPER_TEST_ENGINE=podman         or docker: that one only
#   SKUPPER_TEST_ROUTER_IMAGE=FILE     an archive of another router's image to try too
#   PODMAN=FILE                        another Podman, such as one of version 5, instead of that of $PATH
#   QUADLET=FILE                       the program quadlet of Podman 4.4 or later, with which systemd runs a site's container
#   SKUPPER_CLI=FILE                   the command line of Skupper itself, which takes sites over from ours, and ours from it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
install() { # daemons do not start by themselves meanwhile, which a policy of this name forbids
	local policy=/usr/sbin/policy-rc.d made='' result=0
	[ -e "$policy" ] || { made=yes && printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"; }
	{ apt-get update -qq || true; } && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "$@" >/dev/null || result=1
	[ -z "$made" ] || rm -f "$policy"
	return "$result"
}
missing=()
for program in podman runc sshd; do
	command -v "$program" >/dev/null || missing+=("${program/#sshd/openssh-server}") # which is for sites that are reached over ssh
done
if [ ${#missing[@]} != 0 ] && [ "${PODMAN_PACKAGES-}" = install ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	install "${missing[@]}" uidmap catatonit || echo "podman: packages could not be installed; going on with what is there" >&2
fi
missing=()
[ "$(id -u)" = 0 ] || missing+=("root")
for program in podman runc; do
	command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} != 0 ]; then
	echo "podman: SKIPPED, NOTHING WAS TESTED: missing: ${missing[*]}" >&2
	exit
fi
go -C tests vet -tags podman ./podman
CGO_ENABLED=0 go -C plugins/podman-skupper list -deps . >/dev/null # what it is built of is fetched before there is no network
alone=$(scripts/alone.sh)
# shellcheck disable=SC2086 # TESTFLAGS is a list of words
exec scripts/go-test.sh tests -tags podman -count=1 ${alone:+-exec "'$alone'"} -timeout "${TEST_TIMEOUT:-25m}" "$@" ${TESTFLAGS-} -- ./podman
