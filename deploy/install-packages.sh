#!/usr/bin/env bash
# Installs the Debian 12 packages of deploy/packages.txt that are missing. Says nothing when none is.
#
#   deploy/install-packages.sh [build|test|bench]
#
#   build   what building needs (default)
#   test    that, and what the tests and checks need
#   bench   the same: the benchmark needs no more than the tests
#
# Exit code: 0 all there; 1 something could not be installed; 2 wrong use.
set -euo pipefail

readonly here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly list="$here/packages.txt"

fail() {
  echo "install-packages: $1" >&2
  exit "${2:-1}"
}

# Prints the packages of a section.
packages_of() {
  awk -v section="[$1]" '/^#/ || NF == 0 { next } /^\[/ { inside = ($0 == section); next } inside' "$list"
}

wanted_packages() {
  packages_of build
  if [[ "$1" != build ]]; then
    packages_of test
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then packages_of test-node; fi
  fi
}

is_installed() {
  [[ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" == "install ok installed" ]]
}

readonly purpose="${1:-build}"
[[ $# -le 1 && ("$purpose" == build || "$purpose" == test || "$purpose" == bench) ]] || fail "use: install-packages.sh [build|test|bench]" 2
command -v dpkg-query >/dev/null || fail "this is not Debian: install the packages of $list by hand"

missing=()
while read -r package; do
  is_installed "$package" || missing+=("$package")
done < <(wanted_packages "$purpose")
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null ||
    fail "these packages are missing and only root can install them (there is no sudo): ${missing[*]}"
  as_root=(sudo)
fi

echo "install-packages: installing ${missing[*]}"
readonly apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
"${as_root[@]}" "${apt[@]}" update </dev/null || fail "apt-get update failed"
"${as_root[@]}" "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null ||
  fail "could not install: ${missing[*]}"
