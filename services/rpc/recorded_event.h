// Stored events as the public interface shows them, and points of time as positions.
#pragma once

#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/log.h"
#include "services/commands/references.h"

namespace caseledger::rpc {

// DATA_LOSS when the fact cannot be read.
absl::StatusOr<v1::RecordedEvent> ToPublicEvent(const eventstore::RecordedEvent& event,
                                                std::string_view ledger);

// The same, for sending only: the stored bytes of the fact go on as they are, so that `out.fact()`
// is there for who receives it and not here. `out` must be empty; cleared ones keep their memory.
void ToSentEvent(const eventstore::RecordedEvent& event, std::string_view ledger,
                 v1::RecordedEvent& out);

// Looks records up in what is committed.
commands::RecordIndex IndexOf(const eventstore::EventLog& log);

// How many events of the ledger count at that point. Unset: all. OUT_OF_RANGE for a position past
// the end.
absl::StatusOr<uint64_t> EventsAsOf(const eventstore::EventLog& log, const v1::AsOf& as_of);

}  // namespace caseledger::rpc
