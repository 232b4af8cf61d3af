# The one door to the project: `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
SOCKHOP := $(TARGET)/release/sockhop
GUESTS := $(TARGET)/wasm32-wasip2/release
EXAMPLES := echo broadcast chat relay
VENV := $(TARGET)/venv
NODE := $(TARGET)/node
AUTOBAHN := $(TARGET)/autobahn
BUN := $(TARGET)/bun/bun
PEERS := $(TARGET)/peers
CARGO_FLAGS := --locked

# Where the tests find what they use.
TEST_ENV := SOCKHOP_BIN=$(SOCKHOP) SOCKHOP_GUESTS=$(GUESTS) SOCKHOP_PYTHON=$(VENV)/bin/python \
	SOCKHOP_NODE_MODULES=$(NODE)/node_modules SOCKHOP_AUTOBAHN=$(AUTOBAHN) \
	SOCKHOP_BUN=$(BUN) SOCKHOP_PEERS=$(PEERS)

# Guests are built to be small: they are uploaded, compiled again and instantiated by the thousand.
GUEST_PROFILE := CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=true \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
	CARGO_PROFILE_RELEASE_INCREMENTAL=false

# Where `make run` listens.
LISTEN ?= 127.0.0.1:8080

# How long each benchmark window takes.
BENCH_SECONDS ?= 3

# More of it, for example BENCH_FLAGS="--windows 10 --load fan-out --server native --server bun".
BENCH_FLAGS ?=

# What `make fuzz` fuzzes, all where nothing is named, and for how long each.
FUZZ_TARGET ?=
FUZZ_SECONDS ?= 60

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: toolchain ## Build the host and the examples.
	cargo build $(CARGO_FLAGS) --release -p sockhop
	$(GUEST_PROFILE) cargo build $(CARGO_FLAGS) --release --target wasm32-wasip2 \
		$(EXAMPLES:%=-p %)

.PHONY: run
run: build ## Start the host with the examples, and say what to open.
	@echo "Starting the host; chat in two windows at the address that it says to open. Ctrl-C stops it."
	@echo "Where the port is taken: make run LISTEN=127.0.0.1:9000"
	@exec $(SOCKHOP) run --listen $(LISTEN) --assets examples/chat/web $(EXAMPLES:%=$(GUESTS)/%.wasm)

.PHONY: guests
guests: toolchain ## Build the examples and the misbehaving guests of the tests.
	$(GUEST_PROFILE) cargo build $(CARGO_FLAGS) --release --target wasm32-wasip2 \
		$(EXAMPLES:%=-p %)
	$(GUEST_PROFILE) cargo build $(CARGO_FLAGS) --release --target wasm32-wasip2 \
		-p sockhop-zoo --examples

.PHONY: test
test: toolchain clients guests ## Run all tests: units, properties, and the real host with real clients.
	cargo build $(CARGO_FLAGS) --release -p sockhop
	$(TEST_ENV) cargo test $(CARGO_FLAGS) --release --workspace --exclude sockhop-zoo
	$(TEST_ENV) cargo test $(CARGO_FLAGS) --release --workspace --exclude sockhop-zoo --test conformance \
		-- --test-threads=1 quick_

.PHONY: conformance
conformance: toolchain clients guests $(BUN) ## Run the suites of others whole, the scenarios, real peers, and guests in Python and JavaScript.
	tests/conformance/polyglot/build.sh $(TARGET)/polyglot-cache $(TARGET)/polyglot
	tests/conformance/peers/setup.sh $(PEERS)
	cargo build $(CARGO_FLAGS) --release -p sockhop
	$(TEST_ENV) SOCKHOP_POLYGLOT=$(TARGET)/polyglot \
		cargo test $(CARGO_FLAGS) --release --workspace --exclude sockhop-zoo --test conformance -- --test-threads=1

.PHONY: bench
bench: build guests $(BUN) ## Measure CPU time and memory against servers without a sandbox, neighbours beside the zoo, and optional exports.
	cargo build $(CARGO_FLAGS) --release -p sockhop-load
	cargo build $(CARGO_FLAGS) --release -p sockhop-native
	$(TARGET)/release/load bench --sockhop $(SOCKHOP) --echo $(GUESTS)/echo.wasm \
		--broadcast $(GUESTS)/broadcast.wasm --native $(TARGET)/release/native \
		--reference $(TARGET)/release/reference --fastwebsockets $(TARGET)/release/fastwebsockets \
		--bun $(BUN) --seconds $(BENCH_SECONDS) --json $(TARGET)/bench.json $(BENCH_FLAGS)
	$(TARGET)/release/load neighbours --sockhop $(SOCKHOP) --echo $(GUESTS)/echo.wasm \
		--zoo $(GUESTS)/examples --seconds $(BENCH_SECONDS) \
		--json $(TARGET)/bench-neighbours.json
	$(TARGET)/release/load exports --sockhop $(SOCKHOP) --zoo $(GUESTS)/examples \
		--seconds $(BENCH_SECONDS) --json $(TARGET)/bench-exports.json

# The package of the platform has the program itself; no script of it is run. Linked, and not by a
# symbolic link, so that the time is that of the installation.
$(BUN): $(addprefix tests/load/bun/,package.json package-lock.json .npmrc)
	@command -v npm >/dev/null || { \
		echo "npm is missing, and Bun comes from it: on Debian, apt-get install npm" >&2; exit 1; }
	rm -rf $(@D)
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@for bun in $(@D)/node_modules/@oven/*/bin/bun; do \
		if "$$bun" --version >/dev/null 2>&1; then ln -f "$$bun" $@; touch $@; exit 0; fi; \
	done; echo "npm has no Bun for this machine" >&2; exit 1

.PHONY: fuzz
fuzz: toolchain ## Fuzz what peers and proxies send, guided by coverage: FUZZ_TARGET=frames FUZZ_SECONDS=600.
	tests/fuzz/guided.sh $(TARGET) $(FUZZ_SECONDS) $(FUZZ_TARGET)

.PHONY: fmt
fmt: ## Format the code.
	cargo fmt --all

.PHONY: lint
lint: toolchain ## Check format and lints.
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --release --workspace --all-targets -- -D warnings
	cargo clippy $(CARGO_FLAGS) --release --workspace --exclude sockhop-zoo --test conformance -- -D warnings

.PHONY: doc
doc: ## Build the documentation of the crates.
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --release --workspace --no-deps \
		--exclude sockhop-zoo

.PHONY: ci
ci: lint test doc ## Everything that has to pass before a change lands.

.PHONY: toolchain
toolchain:
	@command -v cargo >/dev/null || { \
		echo "cargo is missing: install Rust 1.95 or newer from https://rustup.rs" >&2; exit 1; }
	@[ -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2" ] || \
		rustup target add wasm32-wasip2 || { \
		echo "the Rust target wasm32-wasip2 is missing: rustup target add wasm32-wasip2" >&2; exit 1; }
	@command -v cc >/dev/null || { \
		echo "a C compiler is missing: on Debian, apt-get install gcc" >&2; exit 1; }

.PHONY: clients
clients: $(VENV)/websockets-17.4 $(NODE)/node_modules/.package-lock.json autobahn
	@command -v chromedriver >/dev/null && { command -v chromium || command -v google-chrome; } >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q && apt-get install -q -y --no-install-recommends chromium chromium-driver; \
		else \
			echo "Chromium and its driver are missing: on Debian, sudo apt-get install chromium chromium-driver" >&2; \
			exit 1; \
		fi; }

$(VENV)/websockets-17.4:
	@command -v python3 >/dev/null || { \
		echo "python3 is missing: on Debian, apt-get install python3 python3-venv" >&2; exit 1; }
	python3 -m venv $(VENV) || { \
		echo "python3 lacks venv: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(VENV)/bin/pip install --quiet --disable-pip-version-check websockets==17.4
	touch $@

$(NODE)/node_modules/.package-lock.json: tests/conformance/clients/package-lock.json
	@command -v npm >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q && apt-get install -q -y --no-install-recommends nodejs npm; \
		else \
			echo "Node.js and npm are missing: on Debian, sudo apt-get install nodejs npm" >&2; \
			exit 1; \
		fi; }
	mkdir -p $(NODE)
	cp tests/conformance/clients/package.json tests/conformance/clients/package-lock.json \
		tests/conformance/clients/.npmrc $(NODE)
	cd $(NODE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: autobahn
autobahn: $(VENV)/websockets-17.4 ## Install Autobahn's WebSocket test suite into the build folder.
	PATH="$(VENV)/bin:$$PATH" tests/conformance/autobahn/setup.sh $(AUTOBAHN)
