#!/usr/bin/env bash
# Writes the container images into dist/, without a daemon and without a registry: controller-VERSION.oci.tar (the controller, and
# the adaptor as /app/kube-adaptor: all that this controller needs), kube-adaptor-VERSION.oci.tar (the adaptor for other controllers,
# which do not say what an image is to run) and skupper-router-VERSION.oci.tar, each for all ARCHES in the OCI layout. The same version
# gives the same octets, as scripts/release.sh does. To use one: ctr images import FILE, podman load -i FILE, skopeo copy oci-archive:FILE …
#
# REGISTRY is the first part of the names they are given; ARCHES="amd64" chooses; OUT is the directory; VERSION is the version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
registry=${REGISTRY:-localhost/skupper-plugins}
arches=${ARCHES:-amd64 arm64}
version=$(scripts/version.sh --plain)
version=${version#v}
tag=${version//+/_} # a tag has no plus
stamp=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1700000000)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${OUT:-dist}
mkdir -p "$out" && out=$(cd "$out" && pwd)
rm -f "$out"/*.oci.tar # none of an older version among the new
export GOWORK=off GOFLAGS='-trimpath -buildvcs=false' CGO_ENABLED=0
go -C scripts/tools build -o "$work/image" ./image

# image NAME TITLE PACKAGE-DIRECTORY PATH [LINK=PATH…]
image() {
	local name=$1 title=$2 dir=$3 path=$4 arch override program files=()
	shift 4
	override=$(scripts/version.sh "$dir")
	for arch in $arches; do
		program=$work/${dir##*/}-$arch
		# One instruction set per architecture whatever the environment says. Two images may have the same program.
		[ -e "$program" ] || GOOS=linux GOARCH=$arch GOAMD64=v1 GOARM64=v8.0 go -C "$dir" build -ldflags "-s -w -buildid= $override" -o "$program" .
		files+=("linux/$arch:$path=$program")
	done
	"$work/image" -time "$stamp" -name "$registry/$name:$tag" -title "$title" -license "$root/LICENSE" "$out/$name-$tag.oci.tar" "${files[@]}" "$@"
	echo "image $registry/$name:$tag in $out/$name-$tag.oci.tar"
}
image controller "controller of Skupper sites, and the adaptor beside their routers" plugins/kubectl-skupper/cmd/skupper-controller /app/controller /app/kube-adaptor=/app/controller
image kube-adaptor "adaptor beside the router of a Skupper site" plugins/kubectl-skupper/cmd/skupper-controller /app/kube-adaptor
image skupper-router "service network router" router/cmd/skupper-router /app/skupper-router
(cd "$out" && LC_ALL=C && sha256sum -- *.oci.tar)
