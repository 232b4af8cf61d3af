#!/usr/bin/env bash
# Unpacks Debian's Tomcat 10, and compiles what talks with it.
#
# usage: setup.sh DEST_DIR
#
# Fills DEST_DIR, unless it was made by these very files, and touches nothing else: the packages are
# unpacked and not installed, no service is started, no root is needed. A JDK has to be there.
# Exit codes: 0 installed, 1 something is missing or failed, 2 usage.
set -euo pipefail

# apt checks what it downloads against the signed index of its archive.
readonly PACKAGES=(tomcat10-common libtomcat10-java)

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
readonly here
readonly pinned=(setup.sh tomcat/{Echo.java,Talk.java,context.xml,server.xml,web.xml})

say() {
  printf 'peers: %s\n' "$*"
}

fail() {
  printf 'peers: %s\n' "$*" >&2
  exit 1
}

# The files are copied there when all has succeeded, so that what was cut short is begun anew.
is_installed() {
  local file
  for file in "${pinned[@]}"; do
    cmp -s -- "$here/$file" "$dest/installed/$file" || return 1
  done
}

require_tools() {
  command -v java >/dev/null && command -v javac >/dev/null ||
    fail "Java is missing: on Debian, apt-get install default-jdk-headless"
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    fail "apt-get and dpkg are missing, and Tomcat comes as Debian's packages ${PACKAGES[*]}"
}

unpack_tomcat() {
  local deb
  mkdir -p -- "$dest/debs"
  if ! (cd -- "$dest/debs" && apt-get -o "APT::Sandbox::User=$(id -un)" download "${PACKAGES[@]}") \
    >>"$log" 2>&1; then
    fail "apt-get cannot download ${PACKAGES[*]}: on Debian 12 or newer, apt-get update; see $log"
  fi
  for deb in "$dest"/debs/*.deb; do
    dpkg --extract "$deb" "$dest"
  done
  rm -rf -- "$dest/debs"
}

compile() {
  local lib="$dest/usr/share/tomcat10/lib/*" root="$dest/applications/ROOT" sources="$here/tomcat"
  mkdir -p -- "$root"/{META-INF,WEB-INF/classes} "$dest/client" "$dest/conf"
  cp -- "$sources/server.xml" "$dest/conf/"
  cp -- "$sources/context.xml" "$root/META-INF/"
  cp -- "$sources/web.xml" "$root/WEB-INF/"
  if ! {
    javac -encoding UTF-8 -cp "$lib" -d "$root/WEB-INF/classes" "$sources/Echo.java" &&
      javac -encoding UTF-8 -cp "$lib" -d "$dest/client" "$sources/Talk.java"
  } >>"$log" 2>&1; then
    fail "javac does not take the programs, Java 17 or newer is needed; see $log"
  fi
}

if (($# != 1)); then
  echo "usage: setup.sh DEST_DIR" >&2
  exit 2
fi
mkdir -p -- "$1"
dest="$(cd -- "$1" && pwd)"
readonly dest
readonly log="$dest/setup.log"
require_tools
if is_installed; then
  say "Tomcat is installed"
  exit
fi
say "installing Tomcat"
rm -rf -- "${dest:?}"/{applications,client,conf,debs,installed,usr}
: >"$log"
unpack_tomcat
compile
mkdir -p -- "$dest/installed/tomcat"
for file in "${pinned[@]}"; do
  cp -- "$here/$file" "$dest/installed/$file"
done
say "installed $(basename -- "$(readlink -f -- "$dest/usr/share/tomcat10/lib/catalina.jar")")"
