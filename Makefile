# Varve: `make demo` shows it, `make test` proves it, `make install` puts it under PREFIX.
PREFIX ?= /usr/local
DESTDIR ?=
BUILT = .build/release
BUILD = swift build -c release --static-swift-stdlib
PROGRAMS = varve varved varve-runtime
UNITS = varved.service varved.socket
BIN = $(PREFIX)/bin
UNIT_FOLDER = $(PREFIX)/lib/systemd/system
# Who may use the socket that systemd opens: Docker's group, if the host has it.
SOCKET_GROUP ?= $(shell getent group docker >/dev/null && echo docker || echo root)

.PHONY: setup build man demo test test-vm examples lint install uninstall clean

setup: ## install what building, testing and the demo need (Debian 12, as root)
	@.ci/setup

build: setup ## the three release programs, in .build/release
	$(BUILD)

man: build ## the manual's pages, in .build/man
	.build/release/varve __man .build/man

demo: build ## a daemon on a scratch data root, and containers on every driver that this host supports
	@.ci/demo

test: ## everything: lint, unit tests, every driver's checks, end to end with stock clients
	@.ci/test

test-vm: build ## every driver under a stock Debian kernel, in virtual machines: checks, end to end, power cuts
	@.ci/setup --test
	@.ci/venv
	@Tests/VM/test

examples: ## the example of a driver in Swift, checked on an xfs in a file (some minutes: it is built from nothing)
	@Tests/examples

lint: ## format, sizes, imports
	@.ci/lint
	@.ci/layers

install: ## the programs to $(DESTDIR)$(PREFIX)/bin, and systemd's units (after make build)
	install -d $(DESTDIR)$(BIN) $(DESTDIR)$(UNIT_FOLDER)
	install -m 755 $(PROGRAMS:%=$(BUILT)/%) $(DESTDIR)$(BIN)
	for unit in $(UNITS); do \
	    sed -e 's|/usr/local/bin/|$(BIN)/|' -e 's|^SocketGroup=.*|SocketGroup=$(SOCKET_GROUP)|' \
	        Sources/varved/systemd/$$unit >$(DESTDIR)$(UNIT_FOLDER)/$$unit && \
	    chmod 644 $(DESTDIR)$(UNIT_FOLDER)/$$unit || exit 1; \
	done

uninstall: ## takes away what install put there; data, containers and settings stay
	rm -f $(PROGRAMS:%=$(DESTDIR)$(BIN)/%) $(UNITS:%=$(DESTDIR)$(UNIT_FOLDER)/%)

clean: ## what building left
	rm -rf .build .build-venv
