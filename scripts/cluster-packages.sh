#!/usr/bin/env bash
# Installs what tests/cluster needs of a Debian or Ubuntu system, as root; what is there already is left alone. No daemon is started:
# the tests run their own containerd.
set -euo pipefail
packages=()
add() { # add PACKAGE PROGRAM
	command -v "$2" >/dev/null || packages+=("$1")
}
add containerd containerd
add runc runc
add containernetworking-plugins /usr/lib/cni/bridge
add iptables iptables
add conntrack conntrack
add iproute2 ip
add podman podman # for the site in a container that is linked to one in a cluster
if [ ${#packages[@]} = 0 ]; then
	exit
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "cluster-packages: these are to be installed by root, on Debian with apt-get: ${packages[*]}" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Daemons must not start at installation, which a policy of this name forbids; one that is there is left as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq || true # lists that are there may do
apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "${packages[@]}" >/dev/null
