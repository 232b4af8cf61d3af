#!/bin/bash
# Fuzzes targets one after another, guided by their coverage:
# guided.sh CARGOS-FOLDER SECONDS [TARGET...]
#
# Inputs that reach something new are kept in CARGOS-FOLDER/fuzz/TARGET, where the next run goes on.
set -euo pipefail

folder=$1 seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
targets=("${@:3}")
if [ ${#targets[@]} = 0 ]; then mapfile -t targets < <(ls "$here/seeds"); fi
for target in "${targets[@]}"; do
	[ -d "$here/seeds/$target" ] || {
		echo "$target is no target; these are: $(cd "$here/seeds" && echo *)" >&2
		exit 1
	}
done
command -v "${CXX:-c++}" >/dev/null || {
	echo "a C++ compiler is missing, ${CXX:-c++}, from which libFuzzer is built:" \
		"on Debian, apt-get install g++" >&2
	exit 1
}

# Each of these is looked into by instrument.sh. wasmtime depends on none of them.
instrumented=(flate2 http libz-rs-sys miniz_oxide ppp zlib-rs
	sockhop sockhop-fuzz sockhop-wire)
config=()
for package in "${instrumented[@]}"; do
	config+=(--config "profile.release.package.$package.debug-assertions=true")
done
RUSTC_WRAPPER=$here/instrument.sh cargo build --locked --release -p sockhop-fuzz \
	--features guided --bin guided "${config[@]}"

# Each input that is kept, each function that is new, a dictionary, and what sanitizers would do.
noise='^#[0-9]+\s+(NEW|REDUCE|RELOAD)|NEW_FUNC|^"|^###|^WARNING: Failed to find'
# Large blocks stand apart in memory (MALLOC_MMAP_THRESHOLD_): between them glibc would scatter what
# libFuzzer keeps, and the process grew as if a target leaked.
for target in "${targets[@]}"; do
	corpus=$folder/fuzz/$target
	mkdir -p "$corpus"
	echo "Fuzzing $target for $seconds seconds."
	FUZZ_TARGET=$target MALLOC_MMAP_THRESHOLD_=131072 "$folder/release/guided" \
		-max_total_time="$seconds" -max_len=4096 -timeout=60 -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$corpus." \
		"$corpus" "$here/seeds/$target" 2>&1 | grep -Ev --line-buffered "$noise" || {
		echo "$target broke a law. Mend it, and keep the input that is named above:" \
			"cp INPUT $here/seeds/$target/WHAT-IT-IS" >&2
		exit 1
	}
done
