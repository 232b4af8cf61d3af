#!/bin/sh
# Stands before rustc (RUSTC_WRAPPER) and has what is fuzzed tell libFuzzer where it has been.
#
# What is fuzzed is what guided.sh builds with debug assertions. All else, wasmtime above all, is
# compiled as ever, which makes it that of `make build`: it is not built again, and does not dilute
# the coverage.
case " $* " in
*" build_script_build "* | *" proc-macro "*) exec "$@" ;;
*" debug-assertions=on "*) ;;
*) exec "$@" ;;
esac
exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
	-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
