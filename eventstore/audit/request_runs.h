// Finds the requests in a log: the events of one stand together, and no two requests of an agency
// share an id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "eventstore/event.h"

namespace caseledger::eventstore {

// Events that follow each other with the same agency and request id.
struct RequestRun {
  std::string agency;
  Uuid request_id;
  uint64_t first_position = 0;
  uint64_t event_count = 0;
};

// Not thread-safe.
class RequestRuns {
 public:
  // The run that ended before `event`, if one did. Events come in order.
  std::optional<RequestRun> Add(const RecordedEvent& event) {
    if (run_ && run_->request_id == event.origin.request_id &&
        run_->agency == event.origin.agency) {
      ++run_->event_count;
      return std::nullopt;
    }
    std::optional<RequestRun> ended = Finish();
    if (!event.origin.request_id.is_nil()) {
      run_ = {event.origin.agency, event.origin.request_id, event.position, 1};
    }
    return ended;
  }
  // The last run.
  std::optional<RequestRun> Finish() { return std::exchange(run_, std::nullopt); }

 private:
  std::optional<RequestRun> run_;
};

}  // namespace caseledger::eventstore
