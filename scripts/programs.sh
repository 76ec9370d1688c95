#!/usr/bin/env bash
# Prints "NAME PACKAGE-DIRECTORY" for every program that is shipped: each main package outside the tests module.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
for dir in $(scripts/each-module.sh); do
	[ "$dir" = ./tests ] && continue
	go -C "$dir" list -e -f '{{if eq .Name "main"}}{{.ImportPath}} {{.Dir}}{{end}}' ./... || exit 1
done | while read -r path dir; do
	echo "${path##*/} $dir"
done | sort
