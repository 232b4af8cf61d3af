#!/usr/bin/env bash
# Builds the echo guests that are not written in Rust, from the WIT of this repository.
#
# usage: build.sh CACHE_DIR OUT_DIR
#
# Installs componentize-py and jco below CACHE_DIR, unless the pinned versions are there already,
# and writes OUT_DIR/echo-py.wasm and OUT_DIR/echo-js.wasm. Touches nothing else.
# Exit codes: 0 built, 1 something is missing or failed, 2 usage.
set -euo pipefail

readonly PYTHON_MIN="3.10"
readonly NODE_MIN_MAJOR=20

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
readonly here
readonly wit="$here/../../../wit"

say() {
  printf 'polyglot: %s\n' "$*"
}

fail() {
  printf 'polyglot: %s\n' "$*" >&2
  exit 1
}

# Prints a line for each tool that is missing or too old, and nothing where all is well.
missing_tools() {
  if ! command -v python3 >/dev/null; then
    echo "python3 >= $PYTHON_MIN: not found"
  elif ! python3 -c "import sys; sys.exit(sys.version_info < (${PYTHON_MIN/./, }))"; then
    echo "python3 >= $PYTHON_MIN: found $(python3 --version)"
  elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo "python3's venv module: not found (Debian: python3-venv)"
  fi

  local node_version
  if ! command -v node >/dev/null; then
    echo "node >= $NODE_MIN_MAJOR: not found"
  else
    node_version="$(node --version)"
    node_version="${node_version#v}"
    if ((${node_version%%.*} < NODE_MIN_MAJOR)); then
      echo "node >= $NODE_MIN_MAJOR: found $node_version"
    fi
  fi

  if ! command -v npm >/dev/null; then
    echo "npm: not found"
  fi
}

require_tools() {
  local missing
  missing="$(missing_tools)"
  if [[ -n "$missing" ]]; then
    fail "cannot build the Python and JavaScript guests; install what is missing:"$'\n'"$missing"
  fi
}

# Whether the file $2 is the same as $1. The copy is made when an install has succeeded, so that
# one that was cut short is begun anew.
is_stamped() {
  cmp -s -- "$1" "$2"
}

install_python() {
  local root="$1" wanted="$here/python/requirements.txt"
  # A virtual environment names its own folder: one that was moved no longer runs.
  if is_stamped "$wanted" "$root/installed" && "$root/bin/componentize-py" --version \
    >/dev/null 2>&1; then
    say "componentize-py is installed"
    return
  fi
  say "installing $(<"$wanted")"
  rm -rf -- "$root"
  python3 -m venv "$root"
  "$root/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
  cp -- "$wanted" "$root/installed"
}

install_javascript() {
  local root="$1" wanted="$here/javascript/package-lock.json"
  if is_stamped "$wanted" "$root/installed"; then
    say "jco is installed"
    return
  fi
  say "installing jco"
  rm -rf -- "$root"
  mkdir -p -- "$root"
  cp -- "$here"/javascript/{package.json,package-lock.json,.npmrc} "$root/"
  # Not `npm ci`: it refuses a lock file without the optional packages of every platform, and npm
  # leaves those out that the registry of the day does not carry. `npm install` takes the locked
  # versions, checks their hashes, and adds only what this platform lacks, to the copy.
  (cd -- "$root" && npm install --loglevel=error --ignore-scripts --no-audit --no-fund >/dev/null)
  cp -- "$wanted" "$root/installed"
}

# Builds $1 with the tools in $2, in the scratch folder $3. The sources are copied because
# componentize-py leaves `__pycache__` beside what it reads.
build_python() {
  local target="$1" tools="$2" scratch="$3"
  cp -- "$here"/python/*.py "$scratch/"
  # Without VIRTUAL_ENV componentize-py would look for modules in the system's Python.
  VIRTUAL_ENV="$tools" "$tools/bin/componentize-py" --quiet --wit-path "$wit" --world endpoints \
    componentize --python-path "$scratch" --output "$scratch/out.wasm" app
  mv -- "$scratch/out.wasm" "$target"
}

# Builds $1 with the tools in $2, in the scratch folder $3.
build_javascript() {
  local target="$1" tools="$2" scratch="$3"
  cp -- "$here/javascript/echo.js" "$scratch/"
  # By default the QuickJS backend uses component-model async, which the host has switched off.
  "$tools/node_modules/.bin/jco" componentize "$scratch/echo.js" --wit "$wit" \
    --world-name endpoints --backend quickjs --backend-qjs-disable-async \
    --out "$scratch/out.wasm" >"$scratch/log" 2>&1 || fail "jco failed: $(<"$scratch/log")"
  mv -- "$scratch/out.wasm" "$target"
}

# Builds one guest: its language, the folder of its tools, the file to write.
build() {
  local language="$1" tools="$2" target="$3" scratch="$out/.building-$1"
  SECONDS=0
  # A build that fails must not leave an older guest for the tests to load.
  rm -rf -- "$scratch" "$target"
  mkdir -- "$scratch"
  "build_$language" "$target" "$tools" "$scratch"
  say "built $target ($(wc -c <"$target") bytes, $SECONDS s)"
}

if (($# != 2)); then
  echo "usage: build.sh CACHE_DIR OUT_DIR" >&2
  exit 2
fi
require_tools
mkdir -p -- "$1" "$2"
cache="$(cd -- "$1" && pwd)"
out="$(cd -- "$2" && pwd)"
readonly cache out
trap 'rm -rf -- "$out"/.building-*' EXIT

install_python "$cache/componentize-py"
install_javascript "$cache/jco"
build python "$cache/componentize-py" "$out/echo-py.wasm"
build javascript "$cache/jco" "$out/echo-js.wasm"
