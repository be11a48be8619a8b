#!/usr/bin/env bash
# Builds the project and runs its tests and checks. Installs what is missing first.
#
#   tests/run.sh [--fast] [--clang] [--sanitizers] [--tidy-changed BASE] [--fuzz-seconds N] [--minutes N]
#
#   (nothing)      release build, every test program, the checks, the foreign client, fuzzing
#   --fast         release build and the test programs that are not labelled `slow`, with what they wrote; nothing else
#   --clang        also: our own libraries and programs with clang, each file by itself
#   --sanitizers   also: all libraries and programs with clang and its thread-safety warnings, test programs with
#                  AddressSanitizer and UBSan, and those without gRPC with ThreadSanitizer
#   --tidy-changed BASE   also: clang-tidy over what changed since BASE
#   --fuzz-seconds N   random input for all fuzz targets together; default 300, 0 for none
#   --minutes N    whatever still runs after N minutes is ended and counts as failed
#
# The last line says `N passed, N failed`: test programs, tests of the foreign client, checks and builds count one each.
# Exit code: 0 when nothing failed, 1 when something did, 2 on wrong use.
set -uo pipefail

readonly top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$top" || exit 2

fast=false
clang=false
sanitizers=false
tidy_base=""
fuzz_seconds=300
minutes=1000
usage() {
  sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
while [[ $# -gt 0 ]]; do
  case "$1" in
    --fast) fast=true ;;
    --clang) clang=true ;;
    --sanitizers) sanitizers=true ;;
    --tidy-changed)
      tidy_base="${2:-}"
      [[ -n "$tidy_base" ]] || usage
      shift
      ;;
    --fuzz-seconds)
      [[ "${2:-}" =~ ^[0-9]+$ ]] || usage
      fuzz_seconds="$2"
      shift
      ;;
    --minutes)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage
      minutes="$2"
      shift
      ;;
    *) usage ;;
  esac
  shift
done
readonly fast clang sanitizers tidy_base fuzz_seconds minutes
readonly jobs="$(nproc)"
readonly logs="$top/build/logs"
mkdir -p "$logs"

passed=0
failed=0
table=()
failures=()

# Runs a command with what is left of the time, keeping its output in $log and its code in $code.
run_timed() {
  local name="$1" begin=$SECONDS left=$((minutes * 60 - SECONDS))
  shift
  log="$logs/${name//[^a-z0-9]/-}.log"
  echo "== $name"
  if ((left > 0)); then
    timeout --kill-after=20 "$left" "$@" </dev/null 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
  else
    code=124
  fi
  ((code == 124)) && echo "$name: ended, the $minutes minutes are over"
  local result=ok
  ((code == 0)) || result=FAILED
  table+=("$(printf '%-34s %6d s  %s' "$name" $((SECONDS - begin)) "$result")")
}

# A step that counts as one.
step() {
  run_timed "$@"
  if ((code == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  return "$code"
}

# A number from the log of the last step: the first group of a sed expression's last match; 0 without one.
from_log() {
  local number
  number="$(sed -nE "s/$1/\\1/p" "$log" | tail -1)"
  echo "${number:-0}"
}

# Adds what a runner counted. A runner that ended badly without naming a failure counts as one.
count() {
  local good="$1" bad="$2"
  ((code != 0 && bad == 0)) && bad=1
  passed=$((passed + good))
  failed=$((failed + bad))
}

# ctest_step NAME TEST_DIR ARGUMENTS...: every program counts one.
ctest_step() {
  local name="$1" folder="$2"
  shift 2
  run_timed "$name" ctest --test-dir "$folder" --output-on-failure --parallel 2 --no-tests=error "$@"
  local bad all
  bad="$(from_log '.* tests passed, ([0-9]+) tests failed out of [0-9]+.*')"
  all="$(from_log '.* tests failed out of ([0-9]+).*')"
  count $((all - bad)) "$bad"
  ((bad == 0)) || keep_failures "$name"
}

# keep_failures NAME: for the end, what failed and the first lines of why, since the log itself is long.
keep_failures() {
  failures+=("$(echo "== $1: what failed"
    grep -nE -A6 ': Failure$|^\[  FAILED  \]|\*\*\*|ERROR: (Address|Thread)|runtime error:' "$log" |
      cut -c1-300 | head -60)")
}

# The programs, and that nothing they wrote names the sample's people.
tests_step() {
  rm -rf build/release/test-output
  ctest_step "tests" build/release "$@"
  step "check output" tests/checks/output.sh build/release
}

node_step() {
  run_timed "foreign client" tests/checks/with-node.sh node --test --test-reporter=spec
  count "$(from_log '.*[#ℹ] pass ([0-9]+).*')" "$(from_log '.*[#ℹ] fail ([0-9]+).*')"
}

# build_step NAME PRESET TARGETS...
build_step() {
  local name="$1" preset="$2"
  shift 2
  step "configure $name" cmake --preset "$preset" --log-level=WARNING || return 1
  step "build $name" ninja --quiet -C "build/$preset" -j "$jobs" "$@"
}

# sanitizer_step PRESET: every program counts one, a build that fails counts one.
sanitizer_step() {
  run_timed "$1" tests/sanitizers.sh "$1"
  local good bad
  good="$(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")" || true
  bad="$(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*' "$log")" || true
  count "$good" "$bad"
  ((bad == 0)) || keep_failures "$1"
}

finish() {
  echo
  ((${#failures[@]} == 0)) || printf '%s\n\n' "${failures[@]}"
  printf '%s\n' "${table[@]}"
  echo "all of it: $((SECONDS / 60)) min $((SECONDS % 60)) s"
  echo "$passed passed, $failed failed"
  ((failed == 0)) && exit 0
  exit 1
}

step "install packages" deploy/install-packages.sh test || finish
build_step "release" release || finish
if $fast; then
  tests_step --label-exclude '^slow$'
  finish
fi

for check in format structure buf alerts; do step "check $check" "tests/checks/$check.sh"; done
node_step
tests_step
if $clang; then build_step "clang" clang eventstore/all projections/all services/all; fi
if $sanitizers; then
  sanitizer_step asan
  sanitizer_step tsan
fi
if [[ -n "$tidy_base" ]]; then step "check tidy" tests/checks/tidy.sh --changed "$tidy_base"; fi
if ((fuzz_seconds > 0)); then
  build_step "fuzz targets" asan tests/fuzz/all &&
    CASELEDGER_FUZZ_BUILD="$top/build/asan" step "fuzz" tests/fuzz/run.sh --seconds "$fuzz_seconds"
fi
finish
