# A menu: each target is one line that calls a script, so that what make does can be read and run without make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test unit race fuzz lint bench e2e interop kube cluster podman soak release images krew install clean

help: ## show this menu
	@awk -F':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile
build: ## every program into bin/
	@scripts/build.sh
demo: ## two sites on this machine, linked by a token, with real traffic between them
	@scripts/demo.sh
test: ## all tests that need nothing but Go: unit and e2e below (TESTS='unit e2e kube cluster podman' for everything)
	@scripts/tests.sh
unit: ## the tests of every module (TEST_TIMEOUT=10m per package, TESTFLAGS=…)
	@scripts/test.sh
race: ## the same under the race detector; needs a C compiler
	@scripts/test.sh -race
fuzz: ## every fuzz target for FUZZTIME=10s (or 13000000x) each (FUZZ='DIR TARGET' chooses, a regexp)
	@scripts/fuzz.sh
lint: ## gofmt, go vet, golangci-lint at its pinned version
	@scripts/lint.sh
bench: ## throughput, latency and memory (tests/bench)
	@scripts/bench.sh
e2e: ## attacks on local sites as processes: kill -9, broken files, taken ports, lying servers
	@scripts/e2e.sh
interop: ## against a real skrouterd: SKROUTERD=/path/to/skrouterd
	@scripts/interop.sh
kube: ## the cluster plugin and the controller against a real kube-apiserver and etcd, built once (SKUPPER_KUBE_ASSETS=DIR or off)
	@scripts/kube.sh
cluster: ## the whole product on real Kubernetes clusters, as root with containerd (skips loudly without)
	@scripts/cluster.sh
podman: ## local sites in containers of a real Podman, as root (PODMAN_PACKAGES=install gets it; skips loudly without)
	@scripts/podman.sh
soak: ## traffic and faults for SOAK=20m
	@scripts/soak.sh
release: ## archives of every program for six platforms, reproducible, into dist/
	@scripts/release.sh
images: ## container images for two platforms, reproducible and without a daemon, into dist/ (REGISTRY=… names them)
	@scripts/images.sh
krew: ## a release of the kubectl plugin, installed with krew from loopback (DIST=DIR has the archives already)
	@scripts/krew-test.sh
install: ## both plugins into ~/.local/bin (PREFIX, BINDIR, DESTDIR)
	@scripts/install.sh
clean: ## remove bin/, dist/ and the built tools
	@scripts/clean.sh
