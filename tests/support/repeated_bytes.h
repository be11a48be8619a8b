// Ids and hashes that are easy to recognise.
#pragma once

#include <cstdint>

#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"

namespace caseledger::testing {

inline Uuid RepeatedUuid(uint8_t byte) {
  Uuid id;
  id.bytes.fill(byte);
  return id;
}

inline Hash256 RepeatedHash(uint8_t byte) {
  Hash256 hash;
  hash.bytes.fill(byte);
  return hash;
}

}  // namespace caseledger::testing
