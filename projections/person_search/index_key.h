// The key of a ledger's index, and how its table tells it from another.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/vault/keys/secret_key.h"
#include "projections/person_search/text/blind_index.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections::person_search {

static_assert(kIndexKeyBytes == eventstore::kSecretKeyBytes);

inline BlindIndex IndexUnder(const eventstore::SecretKey& key, std::string_view ledger) {
  return {std::span<const uint8_t, kIndexKeyBytes>(key.data(), kIndexKeyBytes), ledger};
}

// Tells nothing of the key: 8 bytes of a keyed hash.
std::string CheckValueOf(const eventstore::SecretKey& key, std::string_view ledger);

// FAILED_PRECONDITION  SEARCH_KEY_CHANGED: the rows were made under another key, as when an older
//                      vault was put back; says what to do
absl::Status CheckKey(const ReadSnapshot& snapshot, const eventstore::SecretKey& key,
                      std::string_view ledger);

}  // namespace caseledger::projections::person_search
