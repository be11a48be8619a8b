#!/usr/bin/env bash
# Every .h and .cc is laid out as .clang-format says. To lay them out: tests/checks/format.sh --fix
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mode=(--dry-run -Werror)
[[ "${1:-}" == --fix ]] && mode=(-i)
git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' |
  xargs -0 --no-run-if-empty -n 50 -P 2 clang-format "${mode[@]}"
