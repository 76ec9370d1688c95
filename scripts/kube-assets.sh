#!/usr/bin/env bash
# Prints a directory that holds kube-apiserver and etcd at the versions scripts/kube/go.mod pins, for tests/kube.
# They are built once from their modules (about 10 CPU minutes) into the user's cache, named by what they are built from,
# so that the checkout stays clean and another version does not replace this one. KUBE_ASSETS_CACHE chooses another place.
# scripts/kube is outside go.work, so that what Kubernetes needs never reaches our modules.
set -euo pipefail
pins=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/kube
version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' "$pins/go.mod")
sum=$(cat "$pins/go.mod" "$pins/go.sum" <(go env GOVERSION GOOS GOARCH) | git hash-object --stdin)
cache=${KUBE_ASSETS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skupper-suite}
dir=$cache/kube-$version-${sum:0:12}
if [ ! -x "$dir/kube-apiserver" ] || [ ! -x "$dir/etcd" ]; then
	mkdir -p "$cache"
	if command -v flock >/dev/null; then # two test runs at once must not build twice
		exec 9>"$cache/lock"
		flock 9
	fi
fi
if [ ! -x "$dir/kube-apiserver" ] || [ ! -x "$dir/etcd" ]; then
	echo "kube-assets: building kube-apiserver $version and etcd into $dir (10 minutes or more the first time)" >&2
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	v=k8s.io/component-base/version
	major=${version#v} major=${major%%.*} minor=${version#v*.} minor=${minor%%.*}
	# The server parses its own version; without these it takes itself for a development build of another age.
	flags="-s -w -X $v.gitVersion=$version -X $v.gitMajor=$major -X $v.gitMinor=$minor -X $v.gitTreeState=clean"
	export GOWORK=off CGO_ENABLED=0
	nice -n 19 go -C "$pins" build -trimpath -buildvcs=false -ldflags "-s -w" -o "$new/etcd" go.etcd.io/etcd/server/v3 >&2
	nice -n 19 go -C "$pins" build -trimpath -buildvcs=false -ldflags "$flags" -o "$new/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver >&2
	mkdir -p "$dir"
	mv -f "$new/etcd" "$new/kube-apiserver" "$dir/"
fi
echo "$dir"
