#!/usr/bin/env bash
# Builds archives of every program into dist/, with SHA256SUMS: NAME_VERSION_OS_ARCH.tar.gz, .zip for Windows.
# The same version gives the same octets in every directory and on every machine with the same Go: no paths, no build id,
# no version control state, one time stamp (SOURCE_DATE_EPOCH, else that of the last commit).
#
# PROGRAMS="podman-skupper" and TARGETS="linux/amd64" choose; OUT is the directory; VERSION is the version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
targets=${TARGETS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64}
version=$(scripts/version.sh --plain)
stamp=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1700000000)}
programs=$(scripts/programs.sh)
if [ -n "${PROGRAMS-}" ]; then
	programs=$(for p in $PROGRAMS; do grep "^$p " <<<"$programs" || { echo "release: there is no program $p" >&2; exit 2; }; done)
fi
[ -n "$programs" ] || { echo "release: no program was found" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${OUT:-dist}
mkdir -p "$out" && out=$(cd "$out" && pwd)
rm -f "$out"/*_*.tar.gz "$out"/*_*.zip "$out/SHA256SUMS" # no archive of an older version among the new
# Each module's own go.mod decides the versions, not the workspace's: that is what others who build it get.
export GOWORK=off GOFLAGS='-trimpath -buildvcs=false'
CGO_ENABLED=0 go -C scripts/tools build -o "$work/pack" ./pack

while read -r name dir; do
	override=$(scripts/version.sh "$dir")
	for target in $targets; do
		os=${target%/*} arch=${target#*/}
		exe=$name kind=.tar.gz
		[ "$os" = windows ] && exe=$name.exe kind=.zip
		# One instruction set per architecture whatever the environment says.
		CGO_ENABLED=0 GOOS=$os GOARCH=$arch GOAMD64=v1 GOARM64=v8.0 \
			go -C "$dir" build -ldflags "-s -w -buildid= $override" -o "$work/$exe" .
		"$work/pack" -time "$stamp" "$out/${name}_${version#v}_${os}_$arch$kind" "$exe=$work/$exe:x" "LICENSE=$root/LICENSE" "README.md=$root/README.md"
		rm "$work/$exe"
		echo "packed ${name}_${version#v}_${os}_$arch$kind"
	done
done <<<"$programs"
(cd "$out" && LC_ALL=C && sha256sum -- *_* >SHA256SUMS)
echo "release: $(wc -l <"$out/SHA256SUMS") archives in $out"
