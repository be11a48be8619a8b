// Which events a subscriber wants.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/v1/history.pb.h"
#include "eventstore/event.h"

namespace caseledger::rpc {

// Thread-safe.
class EventFilter {
 public:
  // INVALID_ARGUMENT with the fields: a fact or a kind of record that is misspelt would be waited
  // for in vain.
  static absl::StatusOr<EventFilter> Of(const v1::SubscribeRequest& request);

  bool Wants(const eventstore::RecordedEvent& event) const;

 private:
  struct StreamPrefix {
    uint32_t kind = 0;
    std::string id;  // how the UUID's 36 characters begin
  };

  std::set<uint32_t> fact_types_;      // empty: all
  std::vector<StreamPrefix> streams_;  // empty: all
};

}  // namespace caseledger::rpc
