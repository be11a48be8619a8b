#include "projections/person_search/text/blind_index.h"

#include <unicode/uversion.h>

#include <algorithm>

#include "eventstore/base/big_endian.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"

namespace caseledger::projections::person_search {
namespace {

constexpr uint8_t kFormatVersion = 1;

}  // namespace

int IndexVersion() {
  UVersionInfo icu;
  u_getVersion(icu);
  return kFormatVersion * 1000 + icu[0];
}

BlindToken BlindIndex::TokenOf(const Term& term) const {
  std::string message;
  AppendBigEndian(message, kFormatVersion);
  AppendLengthPrefixed(message, ledger_);
  AppendBigEndian(message, static_cast<uint8_t>(term.kind));
  AppendLengthPrefixed(message, term.text);
  const std::string_view key(reinterpret_cast<const char*>(key_.data()), key_.size());
  const Hash256 hash = HmacSha256(key, {message});
  BlindToken token;
  std::copy_n(hash.bytes.begin(), token.bytes.size(), token.bytes.begin());
  return token;
}

BlindTokens BlindIndex::TokensOf(const Terms& terms) const {
  BlindTokens tokens;
  tokens.reserve(terms.size());
  for (const Term& term : terms) tokens.push_back(TokenOf(term));
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

BlindTokens BlindIndex::TokensOf(const PersonText& person) const {
  return TokensOf(TermsOfPerson(person));
}

absl::StatusOr<AskedTokens> BlindIndex::TokensOf(const Asked& asked) const {
  ASSIGN_OR_RETURN(const AskedTerms terms, TermsOf(asked));
  AskedTokens tokens{.common_words_only = terms.common_words_only};
  for (const Terms& alternative : terms.strict) tokens.strict.push_back(TokensOf(alternative));
  for (const Terms& alternative : terms.wider) tokens.wider.push_back(TokensOf(alternative));
  return tokens;
}

}  // namespace caseledger::projections::person_search
