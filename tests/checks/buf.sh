#!/usr/bin/env bash
# The protos keep the house style (buf lint) and break no reader of what was published (buf breaking, rule FILE, since
# events are kept for ever) against the image of the last release. Works without network once buf is installed.
#
#   tests/checks/buf.sh           check
#   tests/checks/buf.sh --renew   write the image anew: on a release only, in a commit of its own that says which
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly protos="$PWD/proto" baseline="$PWD/tests/checks/proto-baseline.binpb"
buf() { tests/checks/with-node.sh buf "$@"; }
if [[ "${1:-}" == --renew ]]; then
  buf build "$protos" --exclude-source-info -o "$baseline"
  exit
fi
buf lint "$protos"
buf breaking "$protos" --against "$baseline"
