#!/usr/bin/env bash
# Prints the linker flags that give a program its version, or with --plain the version alone.
# VERSION wins; then the git tag; else v0.0.0-dev. Programs take what they can from their build info: the override is only
# for builds from a source archive or a checkout, where the build info has no version.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=${VERSION:-$(git -C "$root" describe --tags --match 'v*' 2>/dev/null || echo v0.0.0-dev)}
if [[ ! $version =~ ^v?[0-9A-Za-z][0-9A-Za-z.+-]*$ ]]; then
	echo "version: \"$version\" is not usable in a file name, want for example v1.2.3" >&2
	exit 2
fi
if [ "${1-}" = --plain ]; then
	echo "$version"
elif grep -qsE '^(var[[:space:]]+|[[:space:]]+)Version\b' "$root"/shared/version/*.go; then # an -X without its variable is ignored without a word
	echo "-X github.com/skupper-plugins/suite/shared/version.Version=$version"
fi
