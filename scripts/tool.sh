#!/usr/bin/env bash
# Runs a tool at the version that scripts/tools/go.mod or scripts/krew/go.mod pins: scripts/tool.sh golangci-lint run ./...
# It is built once into the bin beside that and again when the pins or the Go version change. Both are outside go.work, so
# that what the tools need never reaches our modules.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${1:?usage: scripts/tool.sh NAME [ARG…]}
shift
tools=$scripts/tools
grep -qE "/$name\$" "$scripts/krew/go.mod" && tools=$scripts/krew
pins=$(cat "$tools/go.mod" "$tools/go.sum" <(go env GOVERSION) | git hash-object --stdin)
bin=$tools/bin/$name
if [ ! -x "$bin" ] || [ "$(cat "$bin.pins" 2>/dev/null)" != "$pins" ]; then
	package=$(awk -v name="$name" '$1 == "tool" { t = $2 } in_tools { t = $1 } $1 == "tool" && $2 == "(" { in_tools = 1; next } $1 == ")" { in_tools = 0 } t ~ "/" name "$" { print t; exit }' "$tools/go.mod")
	[ -n "$package" ] || { echo "tool: $name is not in scripts/tools/go.mod or scripts/krew/go.mod" >&2; exit 1; }
	echo "tool: building $name (a few minutes the first time)" >&2
	rm -f "$bin.pins"
	GOWORK=off CGO_ENABLED=0 go -C "$tools" build -trimpath -buildvcs=false -o "$tools/bin/" "$package"
	echo "$pins" >"$bin.pins"
fi
exec "$bin" "$@"
