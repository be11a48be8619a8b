#!/usr/bin/env bash
# Builds and runs the suite under a sanitizer.
#
#   tests/sanitizers.sh asan|tsan [--all] [FOLDER...]
#
#   asan      AddressSanitizer with UBSan: eventstore contract projections services fuzz (kept inputs); also compiles
#             all libraries and programs with clang and its thread-safety warnings
#   tsan      ThreadSanitizer: eventstore, projections/{runtime,report_facts}, services/access/{limits,trail}, services/net and
#             services/rpc/{connections,threads}, without what runs RocksDB or gRPC; tests/README.md says why
#   --all     asan: also integration and fault, and the programs labelled `slow`; tsan: also contract, projections and
#             services, and the programs labelled `slow`
#   FOLDER    these folders of tests/ instead
#
# Exit code: 0 when everything passed, 1 when not, 2 on wrong use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
preset="${1:-}"
[[ "$preset" == asan || "$preset" == tsan ]] || usage
shift
all=false
folders=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --all) all=true ;;
    -*) usage ;;
    *) folders+=("$1") ;;
  esac
  shift
done

left_out=()
if [[ "$preset" == asan ]]; then
  standard=(eventstore contract projections services fuzz)
  more=(integration fault)
else
  standard=(eventstore projections/runtime projections/report_facts services/access/limits services/access/trail
    services/net services/rpc/connections services/rpc/threads)
  more=(contract projections services)
  left_out+=(grpc rocksdb)
fi
whole=false
if ((${#folders[@]} == 0)); then
  whole=true
  folders=("${standard[@]}")
  if $all; then folders+=("${more[@]}"); fi
fi
if ! $all; then left_out+=(slow); fi

export ASAN_OPTIONS="detect_stack_use_after_return=1" UBSAN_OPTIONS="print_stacktrace=1"
# RocksDB of the distribution is not instrumented; gRPC has no honest recipe and is left out by label and folder.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 second_deadlock_stack=1"

targets=()
for folder in "${folders[@]}"; do
  [[ -d "tests/$folder" ]] || { echo "no folder tests/$folder" >&2; exit 2; }
  targets+=("tests/$folder/all")
done
# Everything else of ours is compiled as well: this is where clang looks at locks and says what it warns of.
if $whole && [[ "$preset" == asan ]]; then targets+=(eventstore/all projections/all services/all); fi
cmake --preset "$preset" --log-level=WARNING
ninja --quiet -C "build/$preset" -j "$(nproc)" "${targets[@]}"

excluded=()
if ((${#left_out[@]} > 0)); then excluded=(--label-exclude "^($(IFS='|'; echo "${left_out[*]}"))\$"); fi
result=0
for folder in "${folders[@]}"; do
  grep -rqs --include=CTestTestfile.cmake add_test "build/$preset/tests/$folder" || continue
  echo "== $preset $folder"
  # A folder whose programs are all left out is no failure.
  ctest --test-dir "build/$preset/tests/$folder" --output-on-failure --parallel 2 "${excluded[@]}" || result=1
done
exit "$result"
