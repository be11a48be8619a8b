// Blind tokens: index terms under a key, so that who holds the index alone cannot read it.
//
//   token = first 2 bytes of HMAC-SHA-256(key, format version 1, ledger, kind, text)
//
// version and kind are one byte each, ledger and text have two bytes of length before them
// (big-endian). The width and its price are reasoned in the README.md beside this.
//
// Thread-safe. Does no I/O. Neither terms nor texts are kept.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/person_search/text/person_text.h"
#include "projections/person_search/text/terms.h"

namespace caseledger::projections::person_search {

inline constexpr size_t kBlindTokenBytes = 2;
inline constexpr size_t kIndexKeyBytes = 32;

struct BlindToken {
  std::array<uint8_t, kBlindTokenBytes> bytes{};

  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  friend auto operator<=>(const BlindToken&, const BlindToken&) = default;
};

// Sorted, each once.
using BlindTokens = std::vector<BlindToken>;

// AskedTerms, blind: who has every token of an alternative is a candidate.
struct AskedTokens {
  std::vector<BlindTokens> strict = {};
  std::vector<BlindTokens> wider = {};
  bool common_words_only = false;
};

// Of our rules and of ICU's tables (readings of other scripts change with its releases): an index
// that was built under another version answers wrongly and is to be built again.
int IndexVersion();

class BlindIndex {
 public:
  // The key is borrowed, never copied: it must outlive this. So must the name of the ledger.
  BlindIndex(std::span<const uint8_t, kIndexKeyBytes> key, std::string_view ledger)
      : key_(key), ledger_(ledger) {}

  // What to store for the person: the same tokens for the same texts, so a rebuilt index equals
  // the live one. At most kMostTermsOfName for each name, two for each phone number, one for each
  // identity number.
  BlindTokens TokensOf(const PersonText& person) const;

  // INVALID_ARGUMENT  as TermsOf
  absl::StatusOr<AskedTokens> TokensOf(const Asked& asked) const;

  // Exposed for tests and for what indexes other texts under the same key.
  BlindToken TokenOf(const Term& term) const;

 private:
  BlindTokens TokensOf(const Terms& terms) const;

  std::span<const uint8_t, kIndexKeyBytes> key_;
  std::string_view ledger_;
};

}  // namespace caseledger::projections::person_search
