// Ids of events.
#pragma once

#include <cstddef>
#include <string>

#include "eventstore/base/strings.h"
#include "eventstore/base/uuid.h"

namespace caseledger::eventstore {

// Of the event with that number, from 0, of a request: derived, so that a re-run and a client that
// lost the answer come to the same id.
inline Uuid EventId(const Uuid& request_id, const std::string& agency, size_t ordinal) {
  return Uuid::FromName(request_id, StrCat(agency, "/", ordinal));
}

}  // namespace caseledger::eventstore
