#!/usr/bin/env bash
# The tree keeps its shape: nothing strange at the top, a README.md in every folder with sources, files one can read in
# one sitting, nothing left to do, no test that waits by the clock. Prints every violation.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly top_entries=" .ci .clang-format .clang-tidy .gitignore CMakeLists.txt CMakePresets.json LICENSE README.md \
deploy eventstore projections proto services tests "
readonly most_lines=600
# Protos carry a comment on every element, and their files are cut by record, not by size.
readonly most_proto_lines=900

violations=0
report() {
  echo "$1"
  violations=$((violations + 1))
}

# Files of the tree, new ones included, deleted ones left out.
files() {
  comm -23 <(git ls-files --cached --others --exclude-standard -- "$@" | sort -u) <(git ls-files --deleted -- "$@" | sort)
}

check_top() {
  local entry
  while read -r entry; do
    [[ "$top_entries" == *" $entry "* ]] || report "$entry: not an entry that belongs at the top of the tree"
  done < <(files | cut -d/ -f1 | sort -u)
}

# proto/ has one README.md: its folders are packages, described by their files. Reasons are data of the domain. Below
# tests, a folder's README.md also speaks for the folders in it.
check_readmes() {
  local folder
  [[ -f proto/README.md ]] || report "proto: has no README.md"
  while read -r folder; do
    [[ "$folder" == services/domain/reasons || -f "$folder/README.md" ]] && continue
    [[ "$folder" == tests/*/* && -f "$(cut -d/ -f1,2 <<<"$folder")/README.md" ]] && continue
    report "$folder: has no README.md"
  done < <(files eventstore projections services deploy tests | grep -E '\.(h|cc|sh|js|mjs|py)$' | sed 's|/[^/]*$||' | sort -u)
}

check_lengths() {
  local file lines most
  while read -r lines file; do
    most=$most_lines
    [[ "$file" == *.proto ]] && most=$most_proto_lines
    ((lines <= most)) || report "$file: $lines lines, more than $most"
  done < <(files | grep -E '\.(h|cc|proto|sh|js|mjs|py)$' | tr '\n' '\0' | xargs -0 wc -l | awk '$2 != "total"')
}

# grep_tree WHY PATTERN FILES...: every match is a violation.
grep_tree() {
  local why="$1" pattern="$2" match
  shift 2
  while read -r match; do report "$match: $why"; done < <(
    files "$@" | grep -vxF tests/checks/structure.sh | tr '\n' '\0' |
      xargs -0 -r grep -nHIE "$pattern" | cut -c1-160
  )
}

check_top
check_readmes
check_lengths
grep_tree "finish it or leave it out" '\b(TODO|FIXME|XXX|HACK)\b' '*.h' '*.cc' '*.proto' '*.sh' '*.js' '*.txt' '*.md'
grep_tree "tests wait for conditions, never for the clock" \
  'sleep_for|sleep_until|SleepFor *\(|\b(u|nano)?sleep *\(|setTimeout *\(|setInterval *\(' 'tests/*.h' 'tests/*.cc' 'tests/*.js'
grep_tree "tests wait for conditions, never for the clock" '(^|[;&|] *)sleep +[0-9$]' 'tests/*.sh'

if ((violations > 0)); then
  echo "structure: $violations violations"
  exit 1
fi
