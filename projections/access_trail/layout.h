// The rows of the access trail's table; only the projection and its query know them. P is the
// entry's position in the trail, descending (its complement, 8 bytes): newest first. Rows that only
// lead to an entry are empty; what it says is in the log.
//
//   'r' kind (1 byte) record id P     -> ""          entries that name the record
//   'a' text(agency) text(actor) P    -> ""          entries of the actor
//   'd' text(agency) P                -> ""          denials of an agency's actors
//   'D' P                             -> ""          all denials
//   'p' person id P                   -> consent id  disclosures about the person
//   's' person id text(consent) text(recipient) -> ""  who received something, on which consent
//   'u' event id of the use           -> UseRow      uses of break-glass
//   'b' text(owner) P, 'B' P          -> event id    uses in cases of the agency, and all
//   'w' text(owner) P, 'W' P          -> event id    those of them that await a review
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "eventstore/base/uuid.h"
#include "eventstore/event.h"
#include "projections/read_model/keys.h"

namespace caseledger::projections::access_trail {

inline constexpr char kRecordSpace = 'r';
inline constexpr char kActorSpace = 'a';
inline constexpr char kAgencyDenialSpace = 'd';
inline constexpr char kDenialSpace = 'D';
inline constexpr char kDisclosureSpace = 'p';
inline constexpr char kRecipientSpace = 's';
inline constexpr char kUseSpace = 'u';
inline constexpr char kOwnerUseSpace = 'b';
inline constexpr char kAnyUseSpace = 'B';
inline constexpr char kOwnerAwaitingSpace = 'w';
inline constexpr char kAnyAwaitingSpace = 'W';

// Without the position.
inline KeyBuilder RecordKey(const eventstore::StreamId& record) {
  const char kind = static_cast<char>(record.kind);
  return KeyBuilder(kRecordSpace).Raw({&kind, 1}).Id(record.id);
}
inline std::string UseKey(const Uuid& event_id) {
  return KeyBuilder(kUseSpace).Id(event_id).Take();
}

// One use of break-glass.
struct UseRow {
  uint64_t position = 0;
  std::optional<uint64_t> review_position;
  Uuid case_id;
  std::string owner_agency_id;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(position, review_position, case_id, owner_agency_id);
  }
};

}  // namespace caseledger::projections::access_trail
