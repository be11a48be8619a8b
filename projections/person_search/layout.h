// The rows of the person search's table; only the projection and its query know them.
//
//   't' token, person id    -> ""          a blind token, and who has it
//   'p' person id           -> PersonRow   what a person has, so that it can be deleted
//   'e' person id           -> ""          the person was erased
//   'k'                     -> 8 bytes that only the index key gives (index_key.h)
//   'f' ..., 'x' ...           the effective facts of each person (fact_groups.h), open parts only
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/base/uuid.h"
#include "projections/person_search/text/blind_index.h"
#include "projections/read_model/keys.h"

namespace caseledger::projections::person_search {

inline constexpr char kTokenSpace = 't';
inline constexpr char kPersonSpace = 'p';
inline constexpr char kErasedSpace = 'e';
inline constexpr char kKeySpace = 'k';
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'x';

// One fact that texts stand in.
struct Source {
  Uuid event_id;          // of the fact
  uint64_t position = 0;  // of the event with its texts: the fact's own, or its newest correction
  std::string tokens;     // of its texts, as PackTokens

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(event_id, position, tokens);
  }
};

struct PersonRow {
  std::vector<Source> sources;           // of all facts in force, in order of occurrence
  std::string tokens;                    // those that have rows, as PackTokens
  std::optional<uint64_t> names_at;      // position of the attributes in force
  std::vector<uint64_t> identifiers_at;  // positions of document numbers, the newest ones
  Uuid merged_into;                      // the record that goes on for this one; nil: none
  std::vector<Uuid> parted_from;         // other records of merges that were reversed, the newest
  bool had_tokens = false;               // then or ever: the files may still hold some

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(sources, tokens, names_at, identifiers_at, merged_into, parted_from, had_tokens);
  }
};

inline std::string TokenPrefix(const BlindToken& token) {
  return KeyBuilder(kTokenSpace).Raw(token.raw()).Take();
}
inline std::string TokenKey(const BlindToken& token, const Uuid& person) {
  return KeyBuilder(kTokenSpace).Raw(token.raw()).Id(person).Take();
}
inline std::string PersonKey(const Uuid& person) {
  return KeyBuilder(kPersonSpace).Id(person).Take();
}
inline std::string ErasedKey(const Uuid& person) {
  return KeyBuilder(kErasedSpace).Id(person).Take();
}

inline std::string PackTokens(const BlindTokens& tokens) {
  std::string packed;
  packed.reserve(tokens.size() * kBlindTokenBytes);
  for (const BlindToken& token : tokens) packed.append(token.raw());
  return packed;
}
inline BlindTokens UnpackTokens(std::string_view packed) {
  BlindTokens tokens(packed.size() / kBlindTokenBytes);
  for (BlindToken& token : tokens) {
    std::copy_n(packed.begin(), kBlindTokenBytes, token.bytes.begin());
    packed.remove_prefix(kBlindTokenBytes);
  }
  return tokens;
}

}  // namespace caseledger::projections::person_search
