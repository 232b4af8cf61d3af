# The one door to the project: `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
SOCKHOP := $(TARGET)/release/sockhop
GUESTS := $(TARGET)/wasm32-wasip2/release
EXAMPLES := echo broadcast chat
VENV := $(TARGET)/venv
CARGO_FLAGS := --locked

# Guests are built to be small: they are uploaded, compiled again and instantiated by the thousand.
GUEST_PROFILE := CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=true \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
	CARGO_PROFILE_RELEASE_INCREMENTAL=false

# Where `make run` listens.
LISTEN ?= 127.0.0.1:8080

# How long each benchmark window takes.
BENCH_SECONDS ?= 3

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
	SOCKHOP_BIN=$(SOCKHOP) SOCKHOP_GUESTS=$(GUESTS) SOCKHOP_PYTHON=$(VENV)/bin/python \
		cargo test $(CARGO_FLAGS) --release --workspace --exclude sockhop-zoo

.PHONY: conformance
conformance: toolchain ## Serve 10,000 messages by guests in Python and JavaScript, in both instancing modes.
	tests/conformance/polyglot/build.sh $(TARGET)/polyglot-cache $(TARGET)/polyglot
	cargo build $(CARGO_FLAGS) --release -p sockhop
	SOCKHOP_BIN=$(SOCKHOP) SOCKHOP_POLYGLOT=$(TARGET)/polyglot \
		cargo test $(CARGO_FLAGS) --release -p sockhop-tests --test conformance -- --test-threads=1

.PHONY: bench
bench: build guests ## Measure CPU time per message against a server without a sandbox, and neighbours beside the zoo.
	cargo build $(CARGO_FLAGS) --release -p sockhop-load
	$(TARGET)/release/load bench --sockhop $(SOCKHOP) --echo $(GUESTS)/echo.wasm \
		--reference $(TARGET)/release/reference --seconds $(BENCH_SECONDS)
	$(TARGET)/release/load neighbours --sockhop $(SOCKHOP) --echo $(GUESTS)/echo.wasm \
		--zoo $(GUESTS)/examples --seconds $(BENCH_SECONDS)

.PHONY: fmt
fmt: ## Format the code.
	cargo fmt --all

.PHONY: lint
lint: toolchain ## Check format and lints.
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --release --workspace --all-targets -- -D warnings

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
clients: $(VENV)/websockets-17.4
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
