#!/usr/bin/env bash
# Counts with callgrind the instructions of what every event goes through: time of a shared machine moves, these hardly.
#
#   tests/bench/instructions/instructions.sh [--program FILE] [--check FILE] [--save FILE]
#
#   --program FILE   caseledger_instructions; default build/release/bin/caseledger_instructions
#   --check FILE     fails when a kind needs more than 1.25 times what FILE says (other processors take other ways through
#                    memcpy and SHA-256, hence the margin)
#   --save FILE      writes the counts as JSON
#
# Exit code: 0; 1 when something grew or could not be counted; 2 on wrong use.
set -euo pipefail

readonly top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
readonly few=600 many=3000
program="$top/build/release/bin/caseledger_instructions"
check=""
save=""
while [[ $# -gt 0 ]]; do
  case "$1" in
    --program) program="${2:?}" ;;
    --check) check="${2:?}" ;;
    --save) save="${2:?}" ;;
    *)
      sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
  shift 2
done
if ! command -v valgrind >/dev/null; then
  echo "valgrind is missing: deploy/install-packages.sh test" >&2
  exit 1
fi
if [[ ! -x "$program" ]]; then
  echo "there is no $program; build it: cmake --preset release && cmake --build build/release --target caseledger_instructions" >&2
  exit 1
fi

# Instructions of the whole program.
count() {
  local out
  if ! out="$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1)"; then
    echo "$out" >&2
    return 1
  fi
  sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<<"$out"
}

grown=0
json=""
printf '%-14s %12s %12s %8s\n' kind instructions before ratio
for kind in command read send report-facts; do
  low="$(count "$kind" "$few")"
  high="$(count "$kind" "$many")"
  each=$(((high - low) / (many - few)))
  ((each > 0)) || { echo "$kind: nothing was counted" >&2; exit 1; }
  before=""
  ratio=""
  if [[ -n "$check" ]]; then
    before="$(sed -n "s/.*\"$kind\": *\([0-9]*\).*/\1/p" "$check")"
    [[ -n "$before" ]] || { echo "$check does not name $kind" >&2; exit 1; }
    ratio="$(awk "BEGIN { printf \"%.2f\", $each / $before }")"
    ((each * 100 <= before * 125)) || grown=1
  fi
  printf '%-14s %12d %12s %8s\n' "$kind" "$each" "$before" "$ratio"
  json+="${json:+,$'\n'}  \"$kind\": $each"
done
[[ -z "$save" ]] || printf '{\n%s\n}\n' "$json" >"$save"
if ((grown)); then
  echo "more instructions than $check allows (1.25 times): find out why; if it is worth it, --save the new counts" >&2
  exit 1
fi
