#!/usr/bin/env bash
# From a fresh checkout on Debian 12 to a report that is known to be right: installs what is missing,
# builds, makes certificates, tokens and a first administrator, starts a server on this machine, imports
# half a year of synthetic records, compares the report with the published figures, publishes it and replays one case.
# Safe to run again: a running server is used as it is, and nothing is imported twice.
#
#   deploy/quickstart.sh [--dir DIR]        do all of it
#   deploy/quickstart.sh stop [--dir DIR]   stop the server this script started in DIR
#
# DIR holds the server's data, log and address; default: $HOME/.local/share/caseledger-quickstart.
# Exit code: 0 every figure is as expected; 1 not, or something failed; 2 wrong use.
set -euo pipefail

readonly here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly root="$(dirname "$here")"
readonly bin="$root/build/release/bin"
readonly sample="$here/sample/quang-ninh-2024-h1"
readonly rules="$here/access/rules.txt"
# The operator of the ledger, and the centre whose records are imported.
readonly operator=so-qn
readonly centre=ctxh-qn
readonly start_seconds=30
readonly stop_seconds=30

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'quickstart: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Whether the process in DIR/pid is the server of DIR: a number alone may belong to someone else by now.
server_runs() {
  local pid
  [[ -s "$dir/pid" ]] || return 1
  pid="$(<"$dir/pid")"
  [[ "$pid" =~ ^[0-9]+$ && -r "/proc/$pid/cmdline" ]] || return 1
  local -a words=()
  mapfile -d '' -t words <"/proc/$pid/cmdline" 2>/dev/null || return 1
  [[ "${words[0]:-}" == */caseledgerd && " ${words[*]} " == *" --data-dir $dir/data "* ]]
}

# Waits up to $1 seconds for the command in the other arguments; a dot a second.
wait_for() {
  local deadline=$((SECONDS + $1)) shown=$SECONDS
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    if ((SECONDS > shown)); then
      printf '.'
      shown=$SECONDS
    fi
    sleep 0.1
  done
}

server_stopped() { ! server_runs; }

stop_server() {
  if ! server_runs; then
    echo "no server of $dir is running"
    rm -f "$dir/pid" "$dir/port"
    return
  fi
  local pid
  pid="$(<"$dir/pid")"
  kill -TERM "$pid"
  wait_for "$stop_seconds" server_stopped || fail "the server ($pid) did not stop within $stop_seconds s; see $dir/server.log"
  rm -f "$dir/pid" "$dir/port"
  echo "stopped the server ($pid); the data stays in $dir/data"
}

# The port file appears when the server is ready; a server that ended will never write it.
server_ready_or_gone() { [[ -s "$dir/port" ]] || ! server_runs; }

start_server() {
  if server_runs && [[ -s "$dir/port" ]]; then
    echo "the server is running already (process $(<"$dir/pid"))"
    return
  fi
  server_runs && fail "a server of $dir is starting or stopping; try again, or run: $0 stop --dir $dir"
  rm -f "$dir/port"
  mkdir -p "$dir/data"
  chmod 700 "$dir/data"
  local -a identity=()
  mapfile -t identity < <("$here/pki.sh" flags "$dir/pki")
  nohup "$bin/caseledgerd" --data-dir "$dir/data" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 \
    --log-listen 127.0.0.1:0 --ledger quang-ninh --port-file "$dir/port" "${identity[@]}" >>"$dir/server.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  # Until the new process has become the server, its command line is still this script's.
  wait_for 5 server_runs || true
  wait_for "$start_seconds" server_ready_or_gone || fail "the server was not ready within $start_seconds s; see $dir/server.log"
  if ! [[ -s "$dir/port" ]]; then
    tail -n 5 "$dir/server.log" >&2
    fail "the server did not start; see $dir/server.log"
  fi
  echo "started (process $(<"$dir/pid")), listening on $(<"$dir/port")"
}

# Who: a profile of `make_identities`; then what caseledger is to do.
caseledger() {
  CASELEDGER_SERVER="$(<"$dir/port")" CASELEDGER_LEDGER=quang-ninh CASELEDGER_PROFILE="$dir/profiles/$1.toml" \
    "$bin/caseledger" "${@:2}"
}

# A profile: its name, the agency, the staff member; a fresh token.
make_profile() {
  "$here/pki.sh" token "$dir/pki" "$2" "$3"
  cat >"$dir/profiles/$1.toml" <<END
ca = "$dir/pki/ca.crt"
cert = "$dir/pki/agencies/$2/agency.crt"
key = "$dir/pki/agencies/$2/agency.key"
token-file = "$dir/pki/tokens/$2/$3.jwt"
END
}

# A trial authority with certificates of both agencies, and tokens for four people.
make_identities() {
  [[ -f "$dir/pki/token-keys.json" ]] || {
    rm -rf "$dir/pki"
    "$here/pki.sh" init "$dir/pki"
  }
  local agency
  for agency in "$operator" "$centre"; do
    [[ -f "$dir/pki/agencies/$agency/agency.crt" ]] || "$here/pki.sh" agency "$dir/pki" "$agency"
  done
  "$here/pki.sh" list "$dir/pki"
  mkdir -p "$dir/profiles"
  chmod 700 "$dir/profiles"
  make_profile administrator "$operator" quan-tri
  make_profile steward "$operator" nhap-lieu
  make_profile auditor "$operator" kiem-tra
  make_profile supervisor "$centre" giam-sat
  make_profile viewer "$operator" bao-cao
  echo "certificates and tokens lie in $dir/pki, profiles in $dir/profiles"
}

# The first administrator and the rules, once in the life of the ledger.
bootstrap_ledger() {
  [[ ! -f "$dir/bootstrapped" ]] || return 0
  local told
  told="$("$bin/caseledger" access bootstrap --data-dir "$dir/data" --of quang-ninh --administrator "$operator/quan-tri" \
    --agency-name "Cơ quan vận hành" --rules "$rules" 2>&1)" || [[ "$told" == *"has had rules"* ]] ||
    fail "$told; a quickstart made before there were rules goes on with: rm -r $dir/data"
  echo "$told"
  touch "$dir/bootstrapped"
}

# Grants PERSON of AGENCY the ROLE, unless that was done before.
grant() {
  local told
  told="$(caseledger administrator access grant "$2" "$3" --of "$1" 2>&1)" || [[ "$told" == *GRANT_KEY_USED* ]] || fail "$told"
}

build() {
  say "Packages"
  "$here/install-packages.sh" build
  echo "all there"
  say "Build (the first time takes some minutes)"
  cd "$root"
  # Without the tests, whose libraries are not installed here; a build tree set up for them stays so.
  local configure=(cmake --preset release -DBUILD_TESTING=OFF)
  [[ ! -f build/release/build.ninja ]] || configure=(cmake build/release)
  "${configure[@]}" >"$dir/cmake.log" 2>&1 || {
    tail -n 20 "$dir/cmake.log" >&2
    fail "cmake failed; see $dir/cmake.log"
  }
  ninja -C build/release caseledgerd caseledger
}

import_sample() {
  say "Report definition"
  grant "$operator" nhap-lieu data_steward
  grant "$operator" kiem-tra auditor
  grant "$operator" bao-cao dashboard_viewer
  for report in "$here"/reports/*.textproto; do
    caseledger steward definition load "$report"
  done
  caseledger steward definition load "$here/deadlines/default.textproto" --id deadlines/default
  caseledger steward definition load "$here/retention/default.textproto" --id retention/default
  say "Import of $sample"
  caseledger steward import "$sample"
  # Its agency came with the import.
  grant "$centre" giam-sat supervisor
}

# Prints the computed beside the expected figures; fails when one differs. Everything else of the
# report (labels, units, order) is compared byte for byte as well.
check_report() {
  say "Report qn-half-year, 2024-01-01 to 2024-07-01"
  caseledger steward report qn-half-year@1 --from 2024-01-01 --to 2024-07-01 --format csv >"$dir/report.csv"
  local differs=0
  awk -F, '
    NR == FNR { expected[$1] = $3; label[$1] = $6; if (FNR > 1) order[++rows] = $1; next }
    FNR > 1 { computed[$1] = $3 }
    END {
      printf "%-4s %8s %8s  %-5s  %s\n", "row", "computed", "expected", "same?", "label"
      for (i = 1; i <= rows; i++) {
        row = order[i]
        same = (row in computed) && computed[row] == expected[row]
        if (!same) wrong++
        printf "%-4s %8s %8s  %-5s  %s\n", row, (row in computed) ? computed[row] : "-", expected[row],
          same ? "yes" : "NO", label[row]
      }
      exit wrong > 0
    }' "$sample/expected_report.csv" "$dir/report.csv" || differs=1
  ((differs == 0)) || fail "the report differs from the published figures"
  cmp -s "$sample/expected_report.csv" "$dir/report.csv" ||
    fail "the figures are right, but $dir/report.csv is not byte for byte $sample/expected_report.csv"
  echo "all figures as published; $dir/report.csv is byte for byte the expected file"
}

# What everybody may see of it, once: published for good.
publish_report() {
  say "The same report published: small figures are withheld"
  local told
  told="$(caseledger steward publication publish qn-half-year@1 --from 2024-01-01 --to 2024-07-01 2>&1)" ||
    [[ "$told" == *RESTATEMENT_NEEDS_REASON* ]] || fail "$told"
  caseledger viewer publication show 1
}

replay_case() {
  say "Replay of one case, by the supervisor of its agency"
  caseledger supervisor case history CASE-2024-0089
  say "Who saw it"
  caseledger supervisor access who-saw CASE-2024-0089
}

say_how_to_go_on() {
  say "How to go on"
  # As a shell reads them, whatever the folders are called.
  local profiles caseledger stop
  profiles="$(printf %q "$dir/profiles")" caseledger="$(printf %q "$bin/caseledger")"
  stop="$(printf '%q stop --dir %q' "$here/quickstart.sh" "$dir")"
  cat <<END
  export CASELEDGER_SERVER=$(<"$dir/port") CASELEDGER_LEDGER=quang-ninh CASELEDGER_PROFILE=$profiles/supervisor.toml
  $caseledger report qn-half-year --from 2024-01-01 --to 2024-07-01
  $caseledger publication list            # what everybody may see of reports
  $caseledger case list --phase open --output open-cases.xlsx   # or --follow: again whenever something changes
  $caseledger case work --state overdue   # what is late, by the delivered deadlines
  $caseledger quality list                # facts that need a second look
  $caseledger case check-closure CASE-2024-0093
  $caseledger shelter occupancy SH-1 --from 2024-05-01 --to 2024-06-01
  $caseledger access explain --action GetCase --case CASE-2024-0089   # and which rule decides
  CASELEDGER_PROFILE=$profiles/auditor.toml $caseledger --purpose audit case history CASE-2024-0089
  $caseledger audit export CASE-2024-0089 -o case-2024-0089   # the history with proofs, in a folder
  $caseledger audit verify case-2024-0089 --vkey "\$(head -n 1 case-2024-0089/verifier-keys.txt)"
  $caseledger log checkpoint
  $caseledger --help
The server keeps running. To stop it:
  $stop
END
}

usage() { sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

action=run
dir="${HOME:-/tmp}/.local/share/caseledger-quickstart"
while (($# > 0)); do
  case "$1" in
    stop) action=stop ;;
    --dir)
      (($# > 1)) || fail "--dir needs a directory" 2
      dir="$2"
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown argument $1; see --help" 2 ;;
  esac
  shift
done
# Only a directory made here is closed to others: one that was there, such as /tmp, is not ours to change.
if [[ "$action" == run && ! -d "$dir" ]]; then
  mkdir -p "$dir"
  chmod 700 "$dir"
fi
[[ -d "$dir" ]] || fail "no such directory: $dir"
readonly dir="$(cd "$dir" && pwd)"

if [[ "$action" == stop ]]; then
  stop_server
  exit
fi
# One run at a time: two would start two servers on the same data.
exec 9>"$dir/lock"
flock -n 9 || fail "another quickstart is at work in $dir"
build
say "Identities"
make_identities
say "Server"
server_runs || bootstrap_ledger
start_server 9>&-
import_sample
check_report
publish_report
replay_case
say_how_to_go_on
