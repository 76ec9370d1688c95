#!/bin/sh
# Installs a Skupper site. It has the site's private keys: keep it as you keep a key.
# sh THIS -h tells its options.
set -eu
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
line=$(awk '/^MARKER$/ { print NR + 1; exit }' "$0")
tail -n "+$line" "$0" | tar -xzf - -C "$work"
status=0
INSTALLER=$0 sh "$work/install.sh" "$@" || status=$?
exit "$status"
