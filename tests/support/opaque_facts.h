// For tests of the log whose facts are any bytes: nothing in them is personal, and nothing is
// sealed.
#pragma once

#include "eventstore/sealing/fact_sealer.h"

namespace caseledger::testing {

class OpaqueFacts final : public eventstore::FactSealer {
 public:
  absl::Status Begin(std::string_view /*ledger*/, const eventstore::EventLog& /*log*/) override {
    return absl::OkStatus();
  }
  absl::Status Seal(std::string_view /*ledger*/, eventstore::RecordedEvent& /*event*/) override {
    return absl::OkStatus();
  }
};

// Lives as long as the program.
inline OpaqueFacts& SealsNothing() {
  static OpaqueFacts sealer;
  return sealer;
}

}  // namespace caseledger::testing
