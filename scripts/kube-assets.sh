#!/usr/bin/env bash
# Prints a directory that holds the programs of Kubernetes at the version scripts/kube/go.mod pins, for tests/kube and tests/cluster:
# etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl, all links to one program.
# It is built once from its modules (about 20 CPU minutes) into the user's cache, named by what it is built from, so that
# the checkout stays clean and another version does not replace this one. KUBE_ASSETS_CACHE chooses another place.
# scripts/kube is outside go.work, so that what Kubernetes needs never reaches our modules.
set -euo pipefail
pins=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/kube
version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' "$pins/go.mod")
sum=$(cat "$pins/go.mod" "$pins/go.sum" "$pins/main.go" <(go env GOVERSION GOOS GOARCH) | git hash-object --stdin)
cache=${KUBE_ASSETS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skupper-suite}
dir=$cache/kube-$version-${sum:0:12}
if [ ! -x "$dir/kube" ]; then
	mkdir -p "$cache"
	if command -v flock >/dev/null; then # two test runs at once must not build twice
		exec 9>"$cache/lock"
		flock 9
	fi
fi
if [ ! -x "$dir/kube" ]; then
	echo "kube-assets: building Kubernetes $version and etcd into $dir (10 minutes or more the first time)" >&2
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	v=k8s.io/component-base/version
	major=${version#v} major=${major%%.*} minor=${version#v*.} minor=${minor%%.*}
	# The programs parse their own version; without these they take themselves for development builds of another age.
	flags="-s -w -X $v.gitVersion=$version -X $v.gitMajor=$major -X $v.gitMinor=$minor -X $v.gitTreeState=clean"
	GOWORK=off CGO_ENABLED=0 nice -n 10 go -C "$pins" build -trimpath -buildvcs=false -ldflags "$flags" -o "$new/kube" . >&2
	mkdir -p "$dir"
	for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
		ln -sf kube "$dir/$name" # it is the program that it is called as
	done
	mv -f "$new/kube" "$dir/"
fi
echo "$dir"
