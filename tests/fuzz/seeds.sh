#!/usr/bin/env bash
# Writes the seeds that are made from other files of the tree (`made-*` in tests/fuzz/corpus): the first rows of the
# sample, the definitions that are deployed, records encoded from text. The other inputs are kept as they were found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly sample=deploy/sample/quang-ninh-2024-h1 corpus=tests/fuzz/corpus

mkdir -p "$corpus"/{csv,import,text,record,marks,rocksdb_codec,rows,snapshots,options,definitions,commands,requests}

for table in contacts persons agencies; do head -4 "$sample/$table.csv" >"$corpus/csv/made-$table"; done
printf 'a,"b ""c""\r\nd",\r\n"x\n' >"$corpus/csv/made-quotes"

for table in contacts persons cases participants therapy_episodes shelter_stays programmes corrections; do
  { echo "=== $table"; head -3 "$sample/$table.csv"; } >"$corpus/import/made-$table"
done
for table in agencies admin_units shelters persons cases participants consents services referrals emergencies; do
  echo "=== $table"
  head -3 "$sample/$table.csv"
done >"$corpus/import/made-together"

printf '\x05%s' '2024-01-31T09:24:39.5+07:00' >"$corpus/text/made-time"
printf '\x05%s' '2024-02-29' >"$corpus/text/made-date"
printf '\x05%s' '018f2b6e-7a3c-7cc1-9d0e-1b2c3d4e5f60' >"$corpus/text/made-uuid"
printf '\x05%s' '+84 (0) 91.234-5678' >"$corpus/text/made-phone"
printf '\x04%s' 'Tổng đài 漢字' >"$corpus/text/made-text"

record() { protoc -I proto --encode=caseledger.storage.v1.StoredRecord proto/caseledger/storage/v1/envelope.proto; }
record >"$corpus/record/made-first" <<'TEXT'
format_version: 1 event_id: "0123456789abcdef" ledger: "qn" stream_kind: 3 stream_id: "fedcba9876543210" revision: 1
position: 7 occurred_at_us: 1704067200000000 recorded_at_us: 1704067200000001 schema_version: 1 fact_type: 40
fact: "x" actor: "an" agency: "hotline" request_id: "0123456789abcdef"
TEXT
record >"$corpus/record/made-later" <<'TEXT'
format_version: 1 event_id: "0123456789abcdef" ledger: "qn.access" stream_kind: 1 stream_id: "fedcba9876543210"
revision: 2 position: 9 previous_leaf_hash: "0123456789abcdef0123456789abcdef" data_quality: "UNIT_UNKNOWN"
TEXT
record >"$corpus/record/made-future" <<'TEXT'
format_version: 2 event_id: "0123456789abcdef" ledger: "qn" stream_id: "fedcba9876543210" revision: 1
TEXT

for space in E H I M R S; do
  printf '%s\x02qn%s' "$space" 'fedcba98765432100123456789ab' >"$corpus/rocksdb_codec/made-key-$space"
done
printf 'E\x02qn01234567' >"$corpus/rocksdb_codec/made-event-key"
printf '%0100d' 0 >"$corpus/rocksdb_codec/made-event-value"
printf '%064d' 0 >"$corpus/marks/made-zeros"
head -c 200 /dev/zero >"$corpus/rows/made-zeros"
for kind in 0 1 2 3 4 5 6 7; do
  { printf "\\x0$kind"; head -c 96 /dev/zero; } >"$corpus/snapshots/made-zeros-$kind"
done

cat >"$corpus/options/made-usual" <<'TOML'
data-dir = "/var/lib/caseledger"
ledger = ["quang-ninh", "hai-phong"]
listen = "127.0.0.1:0"
metrics-listen = "none"
backup-dir = '/mnt/backups'
TOML
cat >"$corpus/options/made-numbers" <<'TOML'
# every number there is
data-dir = "d"
ledger = "a"
query-threads = 64
max-waiting-commands = 512
drain-seconds = 600
backup-mib-per-second = 0
log-level = "warn"
TOML
printf 'data-dir="d"\nledger=["a"\n[section]\ndrain-seconds=1e9\n' >"$corpus/options/made-odd"

{ printf '\x00'; cat deploy/reports/qn-half-year.textproto; } >"$corpus/definitions/made-report"
{ printf '\x01'; head -40 deploy/deadlines/default.textproto; } >"$corpus/definitions/made-deadlines"
