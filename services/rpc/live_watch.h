// What one watcher of a dashboard is told, message by message.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/access/trail/stream_trail.h"
#include "services/rpc/live_changes.h"
#include "services/rpc/live_panels.h"
#include "services/rpc/queries.h"
#include "services/rpc/reading.h"
#include "services/rpc/threads/stream_warden.h"

namespace caseledger::rpc {

// Invariants
// 1. What was told, put together, is the answer that the caller would get to the same question as
//    of `reflected_events`, by the rules in force when it was last looked at.
// 2. Rules are asked before each message, and again when what it shows is on the trail: a right
// that
//    ended meanwhile is not used. They are asked at least once in two looks a second apart, so that
//    a right that ends takes its rows back though nothing else happens.
// 3. Each record is on the stream's access trail, and that is durable, before a row of it is told
//    for the first time.
// 4. A message is smaller than kMostPanelBytes for each panel, and some.
//
// One thread at a time. Blocks on storage and on the trail: never in a reaction.
class LiveWatch {
 public:
  struct Request {
    std::string ledger;
    std::vector<LivePanel> panels;
  };
  // INVALID_ARGUMENT with all that is wrong with it.
  static absl::StatusOr<Request> RequestOf(Clock& clock, const v1::WatchDashboardRequest& request);

  // `still_good`: whether the caller's credentials hold.
  LiveWatch(const commands::Ledgers& ledgers, const Queries& answers, access::Call call,
            Request request, std::function<absl::Status()> still_good, Clock& clock);

  // What has changed since the message before, at `now`; false when there is nothing to tell. The
  // first waits until the answers reflect the questions' `min_position`, at most `wait`. On an
  // error nothing more can be told; a refusal is on the trail then.
  absl::StatusOr<bool> Next(SteadyTime now, absl::Duration wait,
                            v1::WatchDashboardResponse& message);

  // Before the end is told: what was told is on the trail.
  absl::Status End();

 private:
  struct Watched {
    LivePanel panel;
    ToldRows told;
    uint64_t reflected_events = 0;
  };
  // What one look at a panel brought.
  struct Looked {
    std::unique_ptr<Reading> reading;
    bool answered = false;  // else only asked whether it may be
    uint64_t reflected_events = 0;
    ToldRows::News news;
  };

  // A whole look: what may be told, and is on the trail. Errors as Queries.
  absl::StatusOr<std::vector<Looked>> Look(absl::Time until);
  absl::StatusOr<Looked> LookAt(const Watched& watched, absl::Duration wait);
  absl::Status PutOnTrail(const std::vector<Looked>& looked);
  // Takes over what was looked at, as told.
  void Tell(std::vector<Looked> looked, v1::WatchDashboardResponse& message);
  // Whether a read model or the ledger went on since the last look.
  absl::StatusOr<bool> Moved() const;

  const commands::Ledgers& ledgers_;
  const Queries& answers_;
  const access::Call call_;
  const std::string ledger_name_;
  const std::function<absl::Status()> still_good_;
  Clock& clock_;
  std::vector<Watched> panels_;
  const commands::Ledger* ledger_ = nullptr;  // after the first look
  Reading watching_;
  uint64_t head_ = 0;  // events of the ledger at the last look
  SteadyTime looked_at_;
  SteadyTime told_at_;
  bool moved_on_ = false;  // the ledger or a read model, since the message before
  std::unique_ptr<access::StreamTrail> trail_;
  access::Level seen_ = access::Level::kNothing;  // highest that was shown
  // On the stream's trail; forgotten when they are many, and then put there again.
  absl::flat_hash_set<eventstore::StreamId> named_;
};

}  // namespace caseledger::rpc
