// Stored events as the public interface shows them, and points of time as positions.
#pragma once

#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/log.h"
#include "services/commands/ledgers.h"
#include "services/commands/references.h"

namespace caseledger::rpc {

// The keys of what is personal in the ledger's events; without a vault none.
eventstore::DataKeys& KeysOf(const commands::LedgerParts& parts);

// The event's fact, opened for who may see what is personal in it. Parts that cannot be opened say
// why. DATA_LOSS when the fact cannot be read.
absl::StatusOr<std::string> OpenedFact(const eventstore::RecordedEvent& event,
                                       const commands::LedgerParts& parts);

// Shows the fact as it stands in the event, sealed or opened. DATA_LOSS when it cannot be read.
absl::StatusOr<v1::RecordedEvent> ToPublicEvent(const eventstore::RecordedEvent& event,
                                                std::string_view ledger);

// Adds the same to the repeated field `field` of `response`, for sending only: written straight to
// bytes, the fact's stored ones as they are, so that it is there for who receives the response and
// not here.
void AddSentEvent(const eventstore::RecordedEvent& event, std::string_view ledger, int field,
                  google::protobuf::Message& response);

// Adds a message to a repeated field in the same way.
void AddPublicEvent(const v1::RecordedEvent& event, int field, google::protobuf::Message& response);

// Looks records up in what is committed.
commands::RecordIndex IndexOf(const eventstore::EventLog& log);

// How many events of the ledger count at that point. Unset: all. OUT_OF_RANGE for a position past
// the end.
absl::StatusOr<uint64_t> EventsAsOf(const eventstore::EventLog& log, const v1::AsOf& as_of);

}  // namespace caseledger::rpc
