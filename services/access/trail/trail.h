// The access trail of one ledger: appends to the ledger `LEDGER.access` what is to be shown,
// refused or disclosed, before it happens. What cannot be put on the trail is not shown.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/log.h"
#include "services/access/call.h"
#include "services/access/reason_counts.h"
#include "services/access/trail/beat.h"

namespace caseledger::access {

// Most records that one entry names.
inline constexpr int kMostRecordsPerEntry = 1000;

// `quang-ninh.access`.
std::string TrailLedgerOf(std::string_view ledger);
// The other way round: `quang-ninh` of `quang-ninh.access`.
std::string_view LedgerOfTrail(std::string_view trail);
// Whether a ledger of that name is an access trail.
bool IsTrailLedger(std::string_view ledger);

// Name of the stream that holds what one actor of an agency saw and was refused: `AGENCY/ACTOR`. A
// slash within either is written %2F, so that no two actors share a stream.
std::string TrailNameOf(std::string_view agency, std::string_view actor);
eventstore::StreamId TrailStreamOf(std::string_view agency, std::string_view actor);
// Stream of an actor's uses of break-glass for one case, and of their reviews:
// `break-glass/AGENCY/ACTOR/CASE-UUID`.
eventstore::StreamId BreakGlassStreamOf(std::string_view agency, std::string_view actor,
                                        const Uuid& case_id);

// Invariants
// 1. An entry is durable before `done` hears of it.
// 2. Entries stand in the order in which they were composed.
// 3. An entry names nobody but by id: what was shown is never in it.
//
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

  // A request of a client that may be sent again: the same id of the same actor with the same
  // content gives the first entry.
  struct Request {
    Uuid id;
    std::string content;
  };

  // `log` is that of `LEDGER.access`; both must outlive this.
  Trail(eventstore::EventLog& log, RandomSource& random);

  // Puts an entry into the trail of the caller; a use of break-glass into that of the use. `done`
  // hears when it is durable; it must not block. Never blocks itself.
  //
  // (compose's own)    what `compose` refused
  // ALREADY_EXISTS     REQUEST_ID_REUSED: the request's id was used with other content
  // UNAVAILABLE        TRAIL_UNAVAILABLE: it cannot be written, so nothing may be shown
  // RESOURCE_EXHAUSTED too many entries waiting
  // INTERNAL           the fact is no entry, or names a record otherwise than by kind and UUID, or
  //                    too many
  void Append(const Call& call, Compose compose, Done done);
  void Append(const Call& call, event::v1::Fact fact, Done done);
  void Append(const Call& call, Request request, Compose compose, Done done);
  // The same and waits. Not from a gRPC reaction.
  absl::StatusOr<Place> AppendAndWait(const Call& call, event::v1::Fact fact);
  absl::StatusOr<Place> AppendAndWait(const Call& call, Request request, Compose compose);

  // A further entry of what the entry `opened` began. Waits.
  absl::StatusOr<Place> Continue(const Call& call, const Uuid& opened, event::v1::Fact fact);
  // The last one, without waiting. When too many are waiting, it is tried again as others are done.
  void Finish(const Call& call, const Uuid& opened, event::v1::Fact fact);
  // Waits until every last entry found room, or the log has failed; before the log is closed, and
  // when nobody appends any more.
  void Drain();

  // Reviews the use of break-glass that the event `use` of this trail is. Waits. As Append, and
  //
  // FAILED_PRECONDITION  BREAK_GLASS_OWN: the caller is who used it
  //                      BREAK_GLASS_REVIEWED: it was reviewed before
  // NOT_FOUND            BREAK_GLASS_UNKNOWN: `use` is no use of break-glass
  // `may_still`, unless null, is asked when the review's turn has come, as a Compose is; an error
  // refuses it.
  absl::StatusOr<Place> Review(const Call& call, Request request,
                               const eventstore::RecordedEvent& use,
                               event::v1::BreakGlassReviewed review,
                               std::function<absl::Status()> may_still = nullptr);

  // The use of break-glass by which the caller may read the case at `at`: its event id; nullopt
  // when no window is open. UNAVAILABLE TRAIL_UNAVAILABLE. May block on storage.
  absl::StatusOr<std::optional<Uuid>> OpenWindow(const Call& call, const Uuid& case_id,
                                                 Micros at) const;

  // How many denials were put on it since it was opened, by reason.
  const ReasonCounts& denials() const;

  // When refusals are answered. May be kept for longer than the trail.
  const std::shared_ptr<Beat>& beat() const { return beat_; }

  eventstore::EventLog& log() const { return log_; }

 private:
  struct Entry;
  class Writer;

  Entry EntryFor(const Call& call, Compose compose);
  absl::StatusOr<Place> SubmitAndWait(Entry entry);

  eventstore::EventLog& log_;
  RandomSource& random_;
  const std::shared_ptr<Writer> writer_;  // outlived by entries on their way
  const std::shared_ptr<Beat> beat_;      // of what they are answered with
};

}  // namespace caseledger::access
