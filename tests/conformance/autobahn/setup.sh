#!/usr/bin/env bash
# Installs Autobahn's WebSocket test suite, which is written for Python 2.7.
#
# usage: setup.sh DEST_DIR
#
# Fills DEST_DIR, unless the pinned versions are there already, and touches nothing else; no root is
# needed. `DEST_DIR/wstest` is the program afterwards. Its Python is $AUTOBAHN_PYTHON where that is
# set; else PyPy out of Debian 11's packages, which are unpacked and not installed; else a Python
# 2.7 of pyenv's or on PATH, with which large compressed messages take six times as long.
# Exit codes: 0 installed, 1 something is missing or failed, 2 usage.
set -euo pipefail

# What PyPy consists of. apt checks what it downloads against the signed index of its archive.
readonly PYPY_SUITE="bullseye"
readonly PYPY_PACKAGES=(pypy pypy-lib libffi7 libssl1.1)

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
readonly here
readonly pinned=(setup.sh wheels.txt sources.txt wstest.py)

say() {
  printf 'autobahn: %s\n' "$*"
}

fail() {
  printf 'autobahn: %s\n' "$*" >&2
  exit 1
}

# Whether DEST_DIR was made by these very files. They are copied there when all has succeeded, so
# that what was cut short is begun anew.
is_installed() {
  local file
  for file in "${pinned[@]}"; do
    cmp -s -- "$here/$file" "$dest/installed/$file" || return 1
  done
  "$dest/wstest" --autobahnversion >/dev/null 2>&1
}

require_tools() {
  local missing=""
  if ! command -v python3 >/dev/null; then
    missing+=$'\n'"python3: not found"
  elif ! python3 -m pip --version >/dev/null 2>&1; then
    missing+=$'\n'"python3's pip module: not found (Debian: python3-pip)"
  fi
  if [[ -n "$missing" ]]; then
    fail "cannot install the suite; install what is missing:$missing"
  fi
}

# Unpacks Debian's PyPy into $dest/pypy. It has lists and caches of its own: the machine's stay as
# they are.
unpack_pypy() {
  local apt="$dest/apt" mirror options deb
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
  mkdir -p -- "$apt"/{lists/partial,cache/archives/partial,debs} "$dest/pypy"
  # From the mirror that the machine uses already, whatever that is.
  mirror="$(apt-get update --print-uris 2>/dev/null | sed -n "s#^'\(.*\)/dists/.*#\1#p" | sed -n 1p)"
  [[ -n "$mirror" ]] || return 1
  printf 'deb %s %s main\n' "$mirror" "$PYPY_SUITE" >"$apt/sources.list"
  options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=$(id -un)"
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  apt-get "${options[@]}" update || return 1
  (cd -- "$apt/debs" && apt-get "${options[@]}" download "${PYPY_PACKAGES[@]}") || return 1
  for deb in "$apt"/debs/*.deb; do
    dpkg --extract "$deb" "$dest/pypy" || return 1
  done
  rm -rf -- "$apt"
  mv -- "$dest"/pypy/usr/lib/*-linux-gnu "$dest/pypy/libraries"
  LD_LIBRARY_PATH="$dest/pypy/libraries" "$dest/pypy/usr/bin/pypy" -c ''
}

is_python2() {
  "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null
}

# Prints the Python 2.7 to use: a path, or `pypy` for the one that was unpacked.
find_python2() {
  local candidate
  if [[ -n "${AUTOBAHN_PYTHON:-}" ]]; then
    is_python2 "$AUTOBAHN_PYTHON" || fail "$AUTOBAHN_PYTHON is no Python 2.7: set AUTOBAHN_PYTHON"
    echo "$AUTOBAHN_PYTHON"
    return
  fi
  if unpack_pypy >>"$log" 2>&1; then
    echo pypy
    return
  fi
  say "Debian's PyPy is not to be had; see $log" >&2
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python2.7 \
    "$(command -v python2.7 || true)"; do
    if [[ -n "$candidate" ]] && is_python2 "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  fail "a Python 2.7 is missing: on Debian let apt-get reach the archive; elsewhere install" \
    "PyPy 2.7 or CPython 2.7 and set AUTOBAHN_PYTHON to the program"
}

pip_download() {
  # The machine's pip, for another Python's files: nothing is installed by it.
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes "$@" \
    >>"$log" 2>&1 || fail "pip could not download the suite; see $log"
}

install_suite() {
  local downloads="$dest/downloads" file folder package
  mkdir -p -- "$downloads/wheels" "$downloads/sources" "$dest/site"
  pip_download --ignore-requires-python --only-binary=:all: --python-version 2.7 \
    --implementation cp --abi cp27mu --platform manylinux1_x86_64 --platform any \
    --dest "$downloads/wheels" --requirement "$here/wheels.txt"
  pip_download --no-binary=:all: --dest "$downloads/sources" --requirement "$here/sources.txt"
  for file in "$downloads"/wheels/*.whl; do
    python3 -m zipfile -e "$file" "$dest/site"
  done
  for file in "$downloads"/sources/*.tar.gz; do
    tar -xzf "$file" -C "$downloads/sources"
    folder="$(basename -- "$file" .tar.gz)"
    package="${folder%%-[0-9]*}"
    cp -r -- "$downloads/sources/$folder/$package" "$dest/site/"
  done
  rm -rf -- "$downloads"
}

# Writes the program. It becomes its Python, so that who kills it kills that.
write_launcher() {
  cp -- "$here/wstest.py" "$dest/wstest.py"
  {
    printf '#!/usr/bin/env bash\n'
    if [[ "$1" == pypy ]]; then
      printf 'export LD_LIBRARY_PATH=%q\n' "$dest/pypy/libraries"
      printf 'exec %q %q "$@"\n' "$dest/pypy/usr/bin/pypy" "$dest/wstest.py"
    else
      printf 'exec %q %q "$@"\n' "$1" "$dest/wstest.py"
    fi
  } >"$dest/wstest"
  chmod +x -- "$dest/wstest"
}

if (($# != 1)); then
  echo "usage: setup.sh DEST_DIR" >&2
  exit 2
fi
mkdir -p -- "$1"
dest="$(cd -- "$1" && pwd)"
readonly dest
readonly log="$dest/setup.log"
if is_installed; then
  say "the suite is installed"
  exit
fi
require_tools
say "installing the suite"
rm -rf -- "${dest:?}"/{apt,downloads,installed,pypy,site,wstest,wstest.py}
: >"$log"
python2="$(find_python2)"
install_suite
write_launcher "$python2"
"$dest/wstest" --autobahnversion >>"$log" 2>&1 || fail "the suite does not start; see $log"
mkdir -- "$dest/installed"
for file in "${pinned[@]}"; do
  cp -- "$here/$file" "$dest/installed/$file"
done
say "installed in $SECONDS s, with ${python2}"
