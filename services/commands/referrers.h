// Which facts of other records name a record, so that none is left naming nothing.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "services/commands/aggregates.h"
#include "services/domain/event.h"

namespace caseledger::commands {

// Whether the record was begun and its beginning was not voided. For kinds of records that a fact
// of theirs begins.
absl::StatusOr<bool> Exists(eventstore::LedgerView& view, Aggregates& aggregates,
                            const eventstore::StreamId& record);

// The records that the fact of the record `from` names, itself left out, each once.
std::vector<eventstore::NewReference> ReferencesOf(const eventstore::StreamId& from,
                                                   const domain::Fact& fact);

// Whether the fact of the record `from` names the record.
bool NamesRecord(const eventstore::StreamId& from, const domain::Fact& fact,
                 const eventstore::StreamId& record);

// RECORD_REFERRED_TO, naming the facts, when facts in force of other records name the record. Reads
// the histories of those that ever did, at most 1,000; with more it refuses unless one of these is
// found.
absl::Status CheckNobodyNames(eventstore::LedgerView& view, const eventstore::StreamId& record);

}  // namespace caseledger::commands
