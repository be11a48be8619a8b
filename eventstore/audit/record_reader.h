// Reads a ledger's events in order, with each record checked against its leaf, on several threads.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "eventstore/engine/engine.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// Calls `visit` on the calling thread for the events of positions [from, end), in order, until it
// returns an error, which is returned then. What is stored in a wrong way ends it in its place in
// the order: with the error of DecodeEvent or of the engine's Read.
//
// Hashing is what takes the time, so `helpers` threads decode ahead while the calling one reads
// and visits; with 0 it does everything. Memory: a few MiB for each helper, and the largest events.
absl::Status ReadRecords(const Engine& engine, std::string_view ledger, uint64_t from, uint64_t end,
                         unsigned helpers,
                         absl::FunctionRef<absl::Status(const RecordedEvent&)> visit);

}  // namespace caseledger::eventstore
