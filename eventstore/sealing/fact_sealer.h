// What seals facts before they are stored, and opens them for who may read them.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/event.h"
#include "eventstore/log.h"

namespace caseledger::eventstore {

// Thread-safe.
class FactSealer {
 public:
  virtual ~FactSealer() = default;

  // Before anything of the ledger is sealed: reads what of the log it has to. Called once, by
  // whoever opens the log.
  // DATA_LOSS  keys are missing that events of the log are sealed with; says what to do
  virtual absl::Status Begin(std::string_view ledger, const EventLog& log) = 0;

  // Events of these records are going to be sealed: as DataKeys::Expect.
  virtual void Expect(std::string_view /*ledger*/, std::span<const StreamId> /*records*/) {}

  // Seals what is personal in `event.fact`, in place. Everything else of the event but its leaf
  // hash is set already. Each call seals anew: the same fact never gives the same bytes twice.
  //
  // INVALID_ARGUMENT  the fact cannot be read, or holds a part that is sealed already
  // UNAVAILABLE       (message begins with VAULT_UNAVAILABLE) no keys; facts without anything
  //                   personal are still taken
  virtual absl::Status Seal(std::string_view ledger, RecordedEvent& event) = 0;
};

}  // namespace caseledger::eventstore
