#!/usr/bin/env bash
# Runs a command in tests/node with its packages installed as the lock file says. Installs them only when it changed.
#
#   tests/checks/with-node.sh COMMAND ARGUMENTS...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../node"
readonly stamp=node_modules/.caseledger-lock
if ! cmp --silent package-lock.json "$stamp"; then
  npm ci --no-audit --no-fund --loglevel=error </dev/null
  cp package-lock.json "$stamp"
fi
PATH="$PWD/node_modules/.bin:$PATH" exec "$@"
