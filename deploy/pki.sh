#!/usr/bin/env bash
# Certificates, revocation and tokens for a trial, with plain openssl.
#
#   deploy/pki.sh init DIR [NAME...]              an authority, a server certificate for localhost, 127.0.0.1 and the
#                                                 names given, an empty revocation list, a key that signs tokens
#   deploy/pki.sh server DIR [NAME...]            another certificate and key for the server, whether it runs or not
#   deploy/pki.sh agency DIR ID                   a certificate for the agency ID: DIR/agencies/ID/agency.{crt,key}
#   deploy/pki.sh sign DIR ID REQUEST             the same for a request whose key the agency keeps to itself
#   deploy/pki.sh revoke DIR ID                   the agency's certificate counts no more: DIR/revoked.pem is made anew
#   deploy/pki.sh list DIR                        makes the revocation list anew; it is due every 30 days
#   deploy/pki.sh token DIR AGENCY PERSON [HOURS] a token for a staff member: DIR/tokens/AGENCY/PERSON.jwt (12 hours)
#   deploy/pki.sh flags DIR                       the flags that caseledgerd takes for all of this
#
# For real: the authority's key stays off the server, best in a token of hardware; an agency makes its key itself and
# sends a request (`openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout agency.key -out
# agency.csr -subj /CN=ID`), which the centre signs after it has asked who sent it; tokens come from the identity
# provider that staff sign in to (issuer, audience and key set go into the server's flags), live for hours, and name the
# staff member (`sub`) and the agency (`agency`). Files are replaced whole, so the server may run meanwhile.
#
# Exit code: 0 done; 1 something failed; 2 wrong use.
set -euo pipefail
umask 077

readonly issuer=caseledger-trial
readonly audience=caseledger
readonly key_id=trial-1
readonly days=397

fail() {
  printf 'pki: %s\n' "$1" >&2
  exit "${2:-1}"
}

is_key() { [[ "$1" =~ ^[A-Za-z0-9._-]{1,64}$ ]]; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# Puts what the command in the other arguments writes into the file $1, whole or not at all.
write() {
  local file="$1"
  shift
  "$@" >"$file.new" || fail "cannot make $file"
  mv "$file.new" "$file"
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null; }

ca_config() {
  cat <<END
[ca]
default_ca = caseledger
[caseledger]
database = $dir/ca/index.txt
crlnumber = $dir/ca/crlnumber
default_md = sha256
default_crl_days = 30
unique_subject = no
END
}

revocation_list() { openssl ca -config <(ca_config) -gencrl -keyfile "$dir/ca/ca.key" -cert "$dir/ca.crt" 2>/dev/null; }

# Signs the request $1 with the extensions $2; a random serial number of 128 bits.
sign() {
  openssl x509 -req -in "$1" -CA "$dir/ca.crt" -CAkey "$dir/ca/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$days" -sha256 -extfile <(printf '%s\n' "$2") 2>/dev/null
}

# Key and certificate lie in a folder of their own, to which the link `server` then leads: so both change at once.
new_server() {
  local names="DNS:localhost,IP:127.0.0.1" name
  for name in "$@"; do
    [[ "$name" =~ ^[A-Za-z0-9.-]+$ ]] || fail "a server is named by a host name: $name" 2
    names+=",DNS:$name"
  done
  [[ ! -e "$dir/server" || -L "$dir/server" ]] || fail "$dir/server is no link: it was made otherwise; move it away"
  local folder before
  folder="$(mktemp -d "$dir/server-XXXXXX")"
  write "$folder/server.key" new_key
  write "$folder/request" openssl req -new -key "$folder/server.key" -subj "/CN=caseledgerd"
  write "$folder/server.crt" sign "$folder/request" \
    "subjectAltName=$names"$'\n'"extendedKeyUsage=serverAuth"$'\n'"basicConstraints=critical,CA:FALSE"
  before="$(readlink "$dir/server" || true)"
  ln -s "$(basename "$folder")" "$folder/link"
  mv -T "$folder/link" "$dir/server"
  # A server that reads at this moment still finds those before; older ones go.
  for folder in "$dir"/server-*; do
    [[ "$folder" -ef "$dir/server" || "$(basename "$folder")" == "$before" ]] || rm -r "$folder"
  done
}

init() {
  [[ ! -e "$dir/ca.crt" ]] || fail "$dir has an authority already"
  mkdir -p "$dir/ca" "$dir/agencies" "$dir/tokens"
  : >"$dir/ca/index.txt"
  echo 01 >"$dir/ca/crlnumber"
  write "$dir/ca/ca.key" new_key
  write "$dir/ca.crt" openssl req -x509 -new -key "$dir/ca/ca.key" -sha256 -days 3650 -subj "/CN=Caseledger trial authority" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"
  new_server "$@"
  write "$dir/revoked.pem" revocation_list
  write "$dir/token.key" openssl genpkey -algorithm ED25519
  local x
  x="$(openssl pkey -in "$dir/token.key" -pubout -outform DER | tail -c 32 | base64url)"
  write "$dir/token-keys.json" printf '{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"%s","x":"%s"}]}\n' \
    "$key_id" "$x"
}

# Signs the request $2 for the agency $1.
sign_agency() {
  is_key "$1" || fail "an agency's id is 1 to 64 of A-Z a-z 0-9 . _ -: $1" 2
  [[ "$1" != caseledger ]] || fail "the agency caseledger is the server itself" 2
  mkdir -p "$dir/agencies/$1"
  write "$dir/agencies/$1/agency.crt" sign "$2" \
    "subjectAltName=URI:urn:caseledger:agency:$1"$'\n'"extendedKeyUsage=clientAuth"$'\n'"basicConstraints=critical,CA:FALSE"
}

agency() {
  is_key "$1" || fail "an agency's id is 1 to 64 of A-Z a-z 0-9 . _ -: $1" 2
  mkdir -p "$dir/agencies/$1"
  write "$dir/agencies/$1/agency.key" new_key
  write "$dir/agencies/$1/request" openssl req -new -key "$dir/agencies/$1/agency.key" -subj "/CN=$1"
  sign_agency "$1" "$dir/agencies/$1/request"
}

revoke() {
  [[ -f "$dir/agencies/$1/agency.crt" ]] || fail "no certificate of the agency $1 in $dir"
  openssl ca -config <(ca_config) -revoke "$dir/agencies/$1/agency.crt" -keyfile "$dir/ca/ca.key" -cert "$dir/ca.crt" \
    2>/dev/null || fail "cannot revoke the certificate of $1"
  write "$dir/revoked.pem" revocation_list
}

jwt() {
  local now head body
  now="$(date +%s)"
  head="$(printf '{"alg":"EdDSA","kid":"%s","typ":"JWT"}' "$key_id" | base64url)"
  body="$(printf '{"iss":"%s","aud":"%s","sub":"%s","agency":"%s","iat":%d,"nbf":%d,"exp":%d}' \
    "$issuer" "$audience" "$2" "$1" "$now" "$now" "$((now + $3 * 3600))" | base64url)"
  local text
  text="$(mktemp)"
  printf '%s.%s' "$head" "$body" >"$text"
  printf '%s.%s.%s\n' "$head" "$body" "$(openssl pkeyutl -sign -rawin -inkey "$dir/token.key" -in "$text" | base64url)"
  rm -f "$text"
}

token() {
  is_key "$1" && is_key "$2" || fail "agency and person are 1 to 64 of A-Z a-z 0-9 . _ -" 2
  [[ "$3" =~ ^[0-9]{1,4}$ ]] || fail "hours are a number" 2
  mkdir -p "$dir/tokens/$1"
  write "$dir/tokens/$1/$2.jwt" jwt "$1" "$2" "$3"
}

flags() {
  printf '%s\n' --tls-cert "$dir/server/server.crt" --tls-key "$dir/server/server.key" --client-ca "$dir/ca.crt" \
    --revoked "$dir/revoked.pem" --token-keys "$dir/token-keys.json" --token-issuer "$issuer" --token-audience "$audience"
}

usage() { sed -n '2,20p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; }

command -v openssl >/dev/null || fail "openssl is missing: deploy/install-packages.sh installs it"
if [[ "${1:-}" == -h || "${1:-}" == --help || $# -lt 2 ]]; then
  usage
  [[ $# -ge 1 && ("$1" == -h || "$1" == --help) ]] || exit 2
  exit 0
fi
readonly action="$1"
[[ "$action" == init ]] && mkdir -p "$2"
[[ -d "$2" ]] || fail "no such directory: $2"
readonly dir="$(cd "$2" && pwd)"
shift 2
case "$action" in
  init) init "$@" ;;
  server) new_server "$@" ;;
  agency) (($# == 1)) || fail "use: pki.sh agency DIR ID" 2 && agency "$1" ;;
  sign) (($# == 2)) || fail "use: pki.sh sign DIR ID REQUEST" 2 && sign_agency "$1" "$2" ;;
  revoke) (($# == 1)) || fail "use: pki.sh revoke DIR ID" 2 && revoke "$1" ;;
  list) write "$dir/revoked.pem" revocation_list ;;
  token) (($# == 2 || $# == 3)) || fail "use: pki.sh token DIR AGENCY PERSON [HOURS]" 2 && token "$1" "$2" "${3:-12}" ;;
  flags) flags ;;
  *) fail "unknown action $action; see --help" 2 ;;
esac
