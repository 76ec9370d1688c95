#!/usr/bin/env bash
# Builds the plugins for this machine and puts them where the shell, kubectl and podman find them: PREFIX/bin (PREFIX is
# ~/.local unless given; BINDIR and DESTDIR as usual). Then: kubectl skupper version, podman-skupper version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bindir=${DESTDIR-}${BINDIR:-${PREFIX:-$HOME/.local}/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
plugins="kubectl-skupper podman-skupper"
PROGRAMS=$plugins OUT=$work scripts/build.sh >/dev/null
mkdir -p "$bindir"
for p in $plugins; do
	install -m 755 "$work/$p" "$bindir/.$p.new"
	mv -f "$bindir/.$p.new" "$bindir/$p" # one that runs goes on with the old octets
	echo "installed $bindir/$p"
done
case ":$PATH:" in *":${BINDIR:-${PREFIX:-$HOME/.local}/bin}:"*) ;; *) echo "install: $bindir is not in PATH; next: add it" >&2 ;; esac
