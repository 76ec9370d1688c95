#!/usr/bin/env bash
# Prints the krew manifest for the archives in a directory: scripts/krew.sh [DIST] (BASE is the address they are put at).
# It fails if an archive of the template is not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sums=${1:-dist}/SHA256SUMS
version=$(scripts/version.sh --plain)
version=${version#v}
base=${BASE:-https://github.com/skupper-plugins/suite/releases/download/v$version}
[ -r "$sums" ] || { echo "krew: there is no $sums; next: make release" >&2; exit 1; }
manifest=$(sed -e "s|@VERSION@|$version|g" -e "s|@BASE@|$base|g" krew/skupper.yaml.tmpl)
while read -r archive; do
	sum=$(awk -v name="$archive" '$2 == name { print $1 }' "$sums")
	[ -n "$sum" ] || { echo "krew: $sums has no $archive" >&2; exit 1; }
	manifest=${manifest//"@SHA256:$archive@"/$sum}
done < <(grep -o '@SHA256:[^@]*@' <<<"$manifest" | sed 's/@SHA256://; s/@$//')
printf '%s\n' "$manifest"
