#!/usr/bin/env bash
# Feeds every fuzz target random input for a while, beginning with the kept inputs, one target after another.
#
#   tests/fuzz/run.sh [--seconds N] [--keep] [TARGET...]
#
#   --seconds N   for all targets together; default 300. `--seconds 28800` is a night
#   --keep        adds the inputs that reach something new to tests/fuzz/corpus, made as few and small as they can be
#   TARGET        only these, such as `csv commands`; default all
#
# Builds the targets (preset asan) unless CASELEDGER_FUZZ_BUILD names a build that has them. What was found lies under
# build/fuzz: crash-*, timeout-*, oom-* and the logs. Repeat one with `build/asan/fuzz/bin/TARGET_fuzz FILE`; the seed
# of a whole run is in the table: `-seed=N`. Exit code: 0 nothing found, 1 something found, 2 wrong use.
set -euo pipefail

readonly top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
readonly corpus="$top/tests/fuzz/corpus" dictionaries="$top/tests/fuzz/dictionaries"
readonly found="$top/build/fuzz"
# Slow inputs are faults too: nothing here may take longer than this, nor more memory.
readonly most_seconds_of_one=20 most_megabytes=2048

seconds=300
keep=false
targets=()
usage() {
  sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
while [[ $# -gt 0 ]]; do
  case "$1" in
    --seconds)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage
      seconds="$2"
      shift
      ;;
    --keep) keep=true ;;
    -*) usage ;;
    *) targets+=("$1") ;;
  esac
  shift
done

build="${CASELEDGER_FUZZ_BUILD:-}"
if [[ -z "$build" ]]; then
  build="$top/build/asan"
  (cd "$top" && cmake --preset asan --log-level=WARNING >/dev/null && ninja --quiet -C "$build" -j "$(nproc)" tests/fuzz/all)
fi
readonly bin="$build/fuzz/bin"
if ((${#targets[@]} == 0)); then
  for program in "$bin"/*_fuzz; do targets+=("$(basename "${program%_fuzz}")"); done
fi
for target in "${targets[@]}"; do
  [[ -x "$bin/${target}_fuzz" ]] || { echo "no target $target in $bin" >&2; exit 2; }
done

# Targets that drive a whole ledger make a hundred runs where a decoder makes a hundred thousand: they get more time.
weight() {
  case "$1" in
    commands | requests) echo 4 ;;
    *) echo 1 ;;
  esac
}
weights=0
for target in "${targets[@]}"; do weights=$((weights + $(weight "$target"))); done

export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:allocator_may_return_null=1"
export UBSAN_OPTIONS="print_stacktrace=1"
mkdir -p "$found/logs"
result=0
table=()

# A number from the last status line of a log, such as `cov: 812`.
from_log() { sed -nE "s/.*$1 ([0-9]+).*/\1/p" "$2" | tail -1; }

fuzz() {
  local target="$1" time seed log work options=() verdict=ok
  time=$((seconds * $(weight "$target") / weights))
  ((time > 0)) || time=1
  seed=$((RANDOM * 32768 + RANDOM + 1))
  log="$found/logs/$target.log"
  work="$found/new/$target"
  rm -rf "$work"
  mkdir -p "$work" "$corpus/$target"
  if [[ -f "$dictionaries/$target.dict" ]]; then options+=("-dict=$dictionaries/$target.dict"); fi
  "$bin/${target}_fuzz" -seed="$seed" -max_total_time="$time" -timeout="$most_seconds_of_one" \
    -rss_limit_mb="$most_megabytes" -artifact_prefix="$found/$target-" -print_final_stats=1 "${options[@]}" \
    "$work" "$corpus/$target" >"$log" 2>&1 || verdict=FOUND
  if [[ "$verdict" != ok ]]; then
    result=1
    grep -E 'fuzz: does not hold|runtime error|ERROR|SUMMARY|Test unit written' "$log" || tail -5 "$log"
  fi
  table+=("$(printf '%-14s %6s %10s %9s %7s %11s  %s' "$target" "$time" \
    "$(from_log 'stat::number_of_executed_units:' "$log")" "$(from_log 'cov:' "$log")" \
    "$(find "$work" -type f | wc -l)" "$seed" "$verdict")")
  if $keep && [[ "$verdict" == ok ]]; then
    "$bin/${target}_fuzz" -merge=1 "$corpus/$target" "$work" >>"$log" 2>&1
  fi
}

for target in "${targets[@]}"; do fuzz "$target"; done
printf '%-14s %6s %10s %9s %7s %11s  %s\n' target seconds runs coverage new seed result
printf '%s\n' "${table[@]}"
((result == 0)) || echo "what was found lies in $found"
exit "$result"
