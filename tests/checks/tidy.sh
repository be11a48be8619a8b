#!/usr/bin/env bash
# clang-tidy over our own sources, as .clang-tidy says.
#
#   tests/checks/tidy.sh [--tests] [--changed BASE] [FILE.cc ...]
#
#   (nothing)        every .cc of eventstore, projections and services
#   --tests          those of tests as well
#   --changed BASE   only what changed since the merge base with BASE, so that the time is bounded; a changed header is
#                    judged in the first source that includes it
#   FILE.cc ...      these
#
# CASELEDGER_BUILD names the build folder, of a preset that compiles each file by itself; default: build/clang, which it
# configures, and in which it makes the generated headers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly build="${CASELEDGER_BUILD:-build/clang}"

fail() {
  echo "tidy: $1" >&2
  exit 2
}

folders=(eventstore projections services)
base=""
chosen=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --tests) folders+=(tests) ;;
    --changed)
      base="${2:-}"
      git rev-parse --verify --quiet "$base^{commit}" >/dev/null || fail "no such commit to compare with: '$base'"
      shift
      ;;
    *.cc) chosen+=("$1") ;;
    *) fail "unknown argument: $1" ;;
  esac
  shift
done
if [[ "$build" == build/clang ]]; then
  cmake --preset clang --log-level=WARNING >/dev/null
  ninja --quiet -C "$build" caseledger_proto_sources
fi
[[ -f "$build/compile_commands.json" ]] || fail "no compile_commands.json in $build: configure it first"

# The sources in which the headers read from standard input can be judged, one each.
sources_of_headers() {
  local header
  while read -r header; do
    git grep --files-with-matches --fixed-strings "#include \"$header\"" -- "${folders[@]/%//*.cc}" | head -1 || true
  done
}

sources() {
  if [[ ${#chosen[@]} -gt 0 ]]; then
    printf '%s\n' "${chosen[@]}"
  elif [[ -z "$base" ]]; then
    git ls-files -- "${folders[@]/%//*.cc}"
  else
    git diff --name-only --diff-filter=d --merge-base "$base" -- "${folders[@]/%//*.cc}"
    git diff --name-only --diff-filter=d --merge-base "$base" -- "${folders[@]/%//*.h}" | sources_of_headers
  fi
}

# A source that no target compiles yet has no command, and clang-tidy would guess.
known_sources() {
  sources | sort -u | while read -r file; do
    if grep -qF "\"file\": \"$PWD/$file\"" "$build/compile_commands.json"; then
      echo "$file"
    else
      echo "tidy: $file is in no target, left out" >&2
    fi
  done
}

known_sources | tr '\n' '\0' | xargs -0 -r -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build" 2> >(
  grep -vE '^[0-9]+ warnings? (generated|treated)' >&2
)
