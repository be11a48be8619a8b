#!/usr/bin/env bash
# Writes the seeds that are made from other files of the tree (`made-*` in tests/fuzz/corpus): the first rows of the
# sample, the definitions that are deployed, records encoded from text. The other inputs are kept as they were found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly sample=deploy/sample/quang-ninh-2024-h1 corpus=tests/fuzz/corpus

mkdir -p "$corpus"/{csv,import,text,record,marks,rocksdb_codec,rows,snapshots,options,tokens,certificates,rules,definitions,commands,requests}

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
{ printf '\x03'; cat deploy/retention/default.textproto; } >"$corpus/definitions/made-retention"

printf '\x00%s' 'eyJhbGciOiJFZERTQSIsImtpZCI6ImtleSJ9.e30.AA' >"$corpus/tokens/made-token"
printf '\x00%s' 'eyJhbGciOiJub25lIn0.e30.' >"$corpus/tokens/made-unsecured"
readonly claims='{"iss":"https://login.test","aud":["caseledger-test","x"],"sub":"nv-07","agency":"so-qn","exp":4102444800,"nbf":1.5,"iat":1}'
printf '\x01%s' "$claims" >"$corpus/tokens/made-claims"
printf '\x02%s\n%s' '{"alg":"EdDSA","kid":"key","typ":"at+jwt","crit":["exp"]}' "$claims" >"$corpus/tokens/made-header"
# Keys of RFC 8037, appendix A.2, and RFC 7515, appendix A.3.
printf '\x03%s' '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","use":"sig","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"EC","crv":"P-256","kid":"b","key_ops":["verify"],"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}' \
  >"$corpus/tokens/made-key-set"
printf '\x02%s\n%s\n' 'Uurn:caseledger:agency:so-qn' 'Dso-qn.example.org' >"$corpus/certificates/made-names"
printf '\x02%s\n%s\n' 'Uurn:caseledger:agency:a' 'Uurn:caseledger:agency:b' >"$corpus/certificates/made-two-names"
printf '\x02%s\n' 'Uurn:caseledger:agency:caseledger' >"$corpus/certificates/made-server"
printf '\x03\x01\x00a' >"$corpus/certificates/made-changed-certificate"
printf '\x04\x00\x20a' >"$corpus/certificates/made-changed-list"

{ printf '\x01'; cat deploy/access/rules.txt; } >"$corpus/rules/made-delivered"
{ printf '\x00'; cat deploy/access/rules.txt; } >"$corpus/rules/made-unknown-actions"
printf '\x00access-rules 1\ncase_worker may GetCase on case_record when owner_agency or assigned see sensitive\nnobody may CloseCase\n' \
  >"$corpus/rules/made-small"
cat >"$corpus/rules/made-every-clause" <<'RULES'
0access-rules 7 # even: few actions
referral-grace 14 days
longest-break-glass 90 minutes
group all = GetCase, CloseCase
supervisor, case_worker may @all on case_record
  when owner_agency or break_glass with consent and purpose and warrant
  see personal
administrator may never @all on case_record, person
everyone may GetCase with purpose see internal
RULES
printf '\x00access-rules 1\ncase_worke may GetCas on cases wen owner see al\ngroup x\nnobody may never @y\n' >"$corpus/rules/made-misspelt"
