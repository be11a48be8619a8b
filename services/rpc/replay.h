// Sources of replay pages: one record's history, or the ledger. Of each event as much as the caller
// may see, by the rules in force when its page is made.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "caseledger/v1/history.pb.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

using ReplaySource = std::function<absl::StatusOr<bool>(v1::ReplayResponse& page)>;

struct RecordReplay {
  std::string ledger;  // as the request names it
  options::v1::RecordKind kind;
  std::string record_id;
  v1::AsOf as_of;
  std::optional<Micros> as_of_occurred;
};

// The record's events in order of recording; corrected and voided ones say by which event, as far
// as the replay reaches.
ReplaySource ReplayOfRecord(Reading reading, RecordReplay replay);

struct LedgerReplay {
  std::string ledger;  // as the request names it
  uint64_t from = 0;
  uint64_t max_events = 0;  // 0: all
  v1::AsOf as_of;
  std::optional<Micros> as_of_occurred;
};

// The ledger from a position to the end it had when the replay was asked for, or as of a point.
ReplaySource ReplayOfLedger(Reading reading, LedgerReplay replay);

}  // namespace caseledger::rpc
