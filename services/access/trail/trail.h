// The access trail of one ledger: appends to the ledger `LEDGER.access` what is to be shown,
// refused or disclosed, before it happens. What cannot be put on the trail is not shown.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/log.h"
#include "services/access/call.h"

namespace caseledger::access {

// `quang-ninh.access`.
std::string TrailLedgerOf(std::string_view ledger);

// Thread-safe.
class Trail {
 public:
  struct Place {
    Uuid event_id;
    uint64_t position = 0;
    Micros recorded_at = 0;
    bool already = false;  // the request id had been carried out before
  };
  using Done = std::function<void(absl::StatusOr<Place>)>;
  // Makes the entry when its turn in the trail has come, so that what it says holds just then.
  // Called once or more, from the trail's own thread: must be quick. An error refuses the entry
  // with just that status.
  using Compose = std::function<absl::StatusOr<event::v1::Fact>(Micros now)>;

  // `log` is that of `LEDGER.access`; both must outlive this.
  Trail(eventstore::EventLog& log, RandomSource& random) : log_(log), random_(random) {}

  // Puts an entry into the trail of the caller. `done` hears when it is durable; it must not block.
  //
  // (compose's own)    what `compose` refused
  // UNAVAILABLE        TRAIL_UNAVAILABLE: it cannot be written, so nothing may be shown
  // RESOURCE_EXHAUSTED too many entries waiting
  void Append(const Call& call, Compose compose, Done done);
  void Append(const Call& call, event::v1::Fact fact, Done done);
  // The same and waits. Not from a gRPC reaction.
  absl::StatusOr<Place> AppendAndWait(const Call& call, event::v1::Fact fact);

  // The use of break-glass by which the caller may read the case at `at`: its event id; nullopt
  // when no window is open.
  absl::StatusOr<std::optional<Uuid>> OpenWindow(const Call& call, const Uuid& case_id,
                                                 Micros at) const;

  eventstore::EventLog& log() const { return log_; }

 private:
  eventstore::EventLog& log_;
  RandomSource& random_;
};

}  // namespace caseledger::access
