#!/usr/bin/env bash
# No personal data in what programs write. After the tests ran, looks through all their output, what the processes they
# started wrote, metrics pages they scraped, and names of files they left or made, for every name, number and address of
# the sample: composed, decomposed, without diacritics, escaped; numbers with marks between digits and with +84.
#
#   tests/checks/output.sh [BUILD]        default build/release; shows first, on copies, that it would find what is there
#   tests/checks/output.sh --self-test    only that
#
# What is found is told by file and line, and by its place in the sample, never repeated. Exit code: 0 nothing found,
# 1 something found, 2 there is nothing to look through, or it would find nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
sample=deploy/sample/quang-ninh-2024-h1

look() { node tests/checks/output.mjs "$sample" "$@"; }
fail() {
  echo "output: $*" >&2
  exit 2
}

# expect CODE PLACE WHAT FILE: looking through the file gives the code, names the place and repeats nothing.
expect() {
  local want="$1" place="$2" what="$3" file="$4" said code=0
  said="$(look "$file")" || code=$?
  ((code == want)) || fail "self-test: exit code $code instead of $want for $what"
  [[ -z "$place" ]] || grep -qF -- "$place" <<<"$said" || fail "self-test: $what is found without its place"
  if grep -qiE 'hoàng|hoang|0912345678' <<<"$said"; then fail "self-test: $what is repeated"; fi
}

# Each way to write one person's data, planted in a log by itself, and what only looks like it.
self_test() (
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
  sample="$folder/sample"
  mkdir "$sample"
  printf 'person_id,full_name,phone\r\nP-1,An,\r\nP-2,"Hoàng Thị Đẹp",0912345678\r\n' >"$sample/persons.csv"
  log="$folder/test.log"
  plant() { printf '[ RUN      ] Some.Test\n%s\n[       OK ] Some.Test\n' "$1" >"$log"; }
  while IFS= read -r text; do
    plant "$text"
    expect 1 "$log:2: " "$text" "$log"
  done <<'TEXT'
name: Hoàng Thị Đẹp.
HOÀNG THỊ ĐẸP
/tmp/hoang_thi-dep.csv
/tmp/HoangThiDep.csv
full_name: "Ho\303\240ng Th\341\273\213 \304\220\341\272\271p"
{"name":"Ho\u00e0ng Th\u1ecb \u0110\u1eb9p"}
GET /?name=Ho%C3%A0ng%20Th%E1%BB%8B%20%C4%90%E1%BA%B9p
tel=0912345678;
tel 0912 345 678
tel 0912.345.678
tel +84912345678
tel (+84) 912-345-678
tel 0084 912345678
TEXT
  plant "$(printf 'Hoa\xcc\x80ng Thi\xcc\xa3 \xc4\x90e\xcc\xa3p')"
  expect 1 "$log:2: " "a decomposed name" "$log"
  while IFS= read -r text; do
    plant "$text"
    expect 0 "" "$text" "$log"
  done <<'TEXT'
An error; Thi Dep Hoang
P-2 109123456789 0912345679 0x0912345678
0.912345678 s
TEXT
  plant "nothing"
  mkdir "$folder/files"
  mv "$log" "$folder/files/hoàng thị đẹp.log"
  expect 1 "$folder/files: a name in it" "a file's name" "$folder/files"
)

self_test
[[ "${1:-}" != --self-test ]] || exit 0
readonly build="${1:-build/release}"
readonly all_tests="$build/Testing/Temporary/LastTest.log" kept="$build/test-output"
[[ -f "$all_tests" ]] || fail "no $all_tests: run the tests with ctest first"
if grep -qF 'test output was removed since it exceeds' "$all_tests"; then fail "$all_tests was cut off"; fi
for kind in caseledgerd.log caseledger.out metrics files; do
  [[ -n "$(find "$kept" -name "*.$kind" -print -quit 2>/dev/null)" ]] || fail "no *.$kind in $kept: did all tests run?"
done
others=()
for log in build/logs/tests.log build/logs/foreign-client.log; do [[ ! -f "$log" ]] || others+=("$log"); done
look "$all_tests" "$kept" "${others[@]}"
