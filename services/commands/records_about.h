// The records in which something about a person may stand, and how each stands to the person.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/v1/privacy.pb.h"
#include "eventstore/log.h"
#include "services/commands/subject_copy.h"

namespace caseledger::commands {

struct RecordAbout {
  eventstore::StreamId record;
  SubjectStanding standing;
  // Why nothing of it is handed out; unspecified: what is for the person may be.
  v1::KeptBackReason reason = v1::KEPT_BACK_REASON_UNSPECIFIED;
};

struct RecordsAbout {
  SubjectCopy copy;
  // The person's own, those merged into it, cases each with its contacts, then what else names
  // them.
  std::vector<RecordAbout> records;
};

inline constexpr size_t kMostRecordsAbout = 1000;

// NOT_FOUND            unknown person
// FAILED_PRECONDITION  merged into another record: ask for that one; or more than
//                      kMostRecordsAbout records
absl::StatusOr<RecordsAbout> FindRecordsAbout(eventstore::LedgerView& view,
                                              const eventstore::StreamId& person);

}  // namespace caseledger::commands
