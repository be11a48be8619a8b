// Streams of records that are known by a name instead of a UUID.
#pragma once

#include <cstdint>
#include <string_view>

#include "eventstore/base/strings.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// UUIDv5 of the name in its kind's namespace: the same for ever.
inline StreamId NamedStream(uint32_t kind, std::string_view name) {
  // Namespace of named records; a random UUID fixed once and for all.
  static const Uuid kNamedRecords = *Uuid::Parse("6f3c1d1e-9b0a-4a7e-8a53-2f2f0c6f7d10");
  return {kind, Uuid::FromName(kNamedRecords, StrCat(kind, "/", name))};
}

}  // namespace caseledger::eventstore
