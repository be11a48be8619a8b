#include "services/access/identity/identity_files.h"

#include <string_view>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/identity/small_file.h"

namespace caseledger::access {
namespace {

using Contents = std::vector<std::string>;

constexpr std::string_view kAuthorities =
    "give the certificates of the authorities that vouch for agencies; deploy/pki.sh makes one";
constexpr std::string_view kLists =
    "give the revocation list of each of these authorities, an empty one if need be; "
    "deploy/pki.sh makes one";
constexpr std::string_view kKeys =
    "give the key set (JWKS) of the identity provider; deploy/pki.sh makes one";

absl::StatusOr<std::string> ReadFor(std::string_view flag, const std::string& path,
                                    size_t max_bytes, std::string_view what_to_do) {
  if (path.empty()) return absl::InvalidArgumentError(StrCat(flag, " is missing: ", what_to_do));
  absl::StatusOr<std::string> content = ReadSmallFile(path, max_bytes);
  if (content.ok()) return content;
  return absl::InvalidArgumentError(
      StrCat(flag, ": ", FromAbsl(content.status().message()), "; ", what_to_do));
}

absl::Status InFile(std::string_view flag, const std::string& path, const absl::Status& status) {
  return absl::InvalidArgumentError(StrCat(flag, " ", path, ": ", FromAbsl(status.message())));
}

absl::StatusOr<Contents> ReadTrust(const IdentityPaths& paths) {
  Contents contents(2);
  ASSIGN_OR_RETURN(contents[0], ReadFor("--client-ca", paths.client_ca, Authorities::kMaxFileBytes,
                                        kAuthorities));
  ASSIGN_OR_RETURN(contents[1],
                   ReadFor("--revoked", paths.revoked, Revocations::kMaxFileBytes, kLists));
  return contents;
}

absl::StatusOr<Trust> ParseTrust(const IdentityPaths& paths, const Contents& contents) {
  absl::StatusOr<Authorities> authorities = Authorities::Parse(contents[0]);
  if (!authorities.ok()) return InFile("--client-ca", paths.client_ca, authorities.status());
  absl::StatusOr<Revocations> revocations = Revocations::Parse(contents[1], *authorities);
  if (!revocations.ok()) return InFile("--revoked", paths.revoked, revocations.status());
  return Trust{*std::move(authorities), *std::move(revocations)};
}

absl::StatusOr<Contents> ReadKeys(const IdentityPaths& paths) {
  if (paths.token_keys.empty()) {
    return absl::InvalidArgumentError(StrCat("--token-keys is missing: ", kKeys));
  }
  Contents contents;
  for (const std::string& path : paths.token_keys) {
    ASSIGN_OR_RETURN(contents.emplace_back(),
                     ReadFor("--token-keys", path, TokenKeys::kMaxFileBytes, kKeys));
  }
  return contents;
}

absl::StatusOr<TokenKeys> ParseKeys(const IdentityPaths& paths, const Contents& contents) {
  TokenKeys keys;
  for (size_t i = 0; i < contents.size(); ++i) {
    const absl::Status added = keys.Add(contents[i]);
    if (!added.ok()) return InFile("--token-keys", paths.token_keys[i], added);
  }
  return keys;
}

}  // namespace

IdentityFiles::IdentityFiles(IdentityPaths paths, bool plaintext)
    : plaintext_(plaintext),
      trust_([paths] { return ReadTrust(paths); },
             [paths](const Contents& contents) { return ParseTrust(paths, contents); }),
      keys_([paths] { return ReadKeys(paths); },
            [paths](const Contents& contents) { return ParseKeys(paths, contents); }) {}

absl::Status IdentityFiles::Refresh() {
  absl::Status status;
  if (!plaintext_) status.Update(trust_.Refresh());
  status.Update(keys_.Refresh());
  return status;
}

}  // namespace caseledger::access
