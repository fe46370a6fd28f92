# Varve: `make demo` shows it, `make test` proves it, `make install` puts it under PREFIX.
PREFIX ?= /usr/local
DESTDIR ?=
BUILD = swift build -c release --static-swift-stdlib
PROGRAMS = varve varved varve-runtime

.PHONY: setup build demo test test-vm lint install clean

setup: ## install what building, testing and the demo need (Debian 12, as root)
	@.ci/setup

build: setup ## the three release programs, in .build/release
	$(BUILD)

demo: build ## a daemon on a scratch data root, and containers on every driver that this host supports
	@.ci/demo

test: ## everything: lint, unit tests, every driver's checks, end to end with stock clients
	@.ci/test

test-vm: build ## every driver under a stock Debian kernel, in virtual machines: checks, end to end, power cuts
	@.ci/setup --test
	@.ci/venv
	@Tests/VM/test

lint: ## format, sizes, imports
	@.ci/lint
	@.ci/layers

install: ## the programs to $(DESTDIR)$(PREFIX)/bin (after make build)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS:%=.build/release/%) $(DESTDIR)$(PREFIX)/bin

clean: ## what building left
	rm -rf .build .build-venv
