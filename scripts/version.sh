#!/usr/bin/env bash
# Prints the linker flags that give a program its version: scripts/version.sh PACKAGE-DIRECTORY; with --plain the version.
# VERSION wins; then the git tag; else v0.0.0-dev. A program takes the version from its build info where that has one: the
# override is for builds from a checkout or a source archive. A program that has no variable for it gets no flag, because
# the linker ignores -X for a variable that does not exist without a word.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=${VERSION:-$(git -C "$root" describe --tags --match 'v*' 2>/dev/null || echo v0.0.0-dev)}
if [[ ! $version =~ ^v?[0-9A-Za-z][0-9A-Za-z.+-]*$ ]]; then
	echo "version: \"$version\" is not usable in a file name, want for example v1.2.3" >&2
	exit 2
fi
if [ "${1-}" = --plain ]; then
	echo "$version"
else
	flags=
	variable() { grep -qsE "^(var|	)[[:space:]]*$1 +string" "$2"/*.go; }
	variable version "$1" && flags="-X main.version=$version"
	[ -n "${CONTROLLER_IMAGE-}" ] && variable image "$1" && flags+=" -X main.image=$CONTROLLER_IMAGE"
	echo "$flags"
fi
