#!/usr/bin/env bash
# gofmt, go vet and golangci-lint over every module. Everything is run before it fails, so that one run tells all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
failed=()

unformatted=$(find . -name '*.go' -not -path '*/testdata/*' -exec gofmt -l {} +) || failed+=(gofmt)
if [ -n "$unformatted" ]; then
	echo "lint: gofmt would change:" >&2
	echo "$unformatted" | sed 's/^/  /' >&2
	failed+=(gofmt)
fi
scripts/each-module.sh go vet ./... || failed+=("go vet")
(GOWORK=off go -C scripts/tools vet ./...) || failed+=("go vet of scripts/tools")
scripts/each-module.sh "$PWD/scripts/tool.sh" golangci-lint run --max-same-issues 0 --max-issues-per-linter 0 --config "$PWD/.golangci.yml" ./... || failed+=(golangci-lint)
(cd scripts/tools && GOWORK=off ../tool.sh golangci-lint run --config ../../.golangci.yml ./...) || failed+=("golangci-lint of scripts/tools")

if [ ${#failed[@]} != 0 ]; then
	printf 'lint: failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
echo "lint: clean"
