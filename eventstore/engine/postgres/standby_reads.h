// Pages of events read elsewhere than at the primary, as from a standby, when it is sure that they
// are what the primary would say.
//
// Events never change and have no holes, so what another database has of a ledger is the same up to
// an event that both have. A standby may lack the newest events; one that followed a primary which
// was taken over from may have others in their places, until it is repaired. So each page is asked
// for together with the question which of the events it has that the primary told of, the present
// one: it counts when one of these stands at the page's end or behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/engine/postgres/told_events.h"
#include "eventstore/postgres/connection_pool.h"
#include "eventstore/postgres/postgres_options.h"
#include "eventstore/postgres/runner.h"

namespace caseledger::eventstore::postgres {

// Thread-safe.
class StandbyReads {
 public:
  // Of PostgresOptions::read_dsn. What it cannot answer within this, the primary is asked.
  static constexpr Micros kPatience = 3 * kMicrosPerSecond;
  // After it failed nobody asks it for so long, then one asks; twice as long each time, up to the
  // second.
  static constexpr Micros kFirstRest = 5 * kMicrosPerSecond;
  static constexpr Micros kLongestRest = 60 * kMicrosPerSecond;
  // What it lacked of a ledger is not asked for so long.
  static constexpr Micros kAfterLack = 100'000;

  explicit StandbyReads(const PostgresOptions& options);

  // The answer to a statement that reads events up to position `last`; nullopt: ask the primary.
  std::optional<Rows> Read(std::string_view ledger, ToldEvents& told, uint64_t last,
                           const Statement& statement, const Parameters& parameters);
  void CountPrimary() { ++counts_->primary; }
  void DropIdle() { pool_.DropIdle(); }

 private:
  // Whether to ask it now; one of the others follows then.
  bool MayAsk() ABSL_LOCKS_EXCLUDED(mutex_);
  void Answered() ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Rows> Failed() ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Rows> NotAsked() ABSL_LOCKS_EXCLUDED(mutex_);

  ConnectionPool pool_;
  const std::shared_ptr<NewestTimeline> newest_timeline_;  // of primaries
  const std::shared_ptr<PostgresPageCounts> counts_;
  Mutex mutex_;
  Micros rest_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: it is well
  Micros rests_until_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_tried_ ABSL_GUARDED_BY(mutex_) = false;
};

// Of one ledger's events up to `last`: at the standby, or else at the primary. As thread-safe as
// the primary's runner; what it is given must outlive it.
class PageRunner final : public Runner {
 public:
  // Null `standby`: always at the primary.
  PageRunner(StandbyReads* standby, Runner& primary, std::string_view ledger, ToldEvents& told,
             uint64_t last)
      : standby_(standby), primary_(primary), ledger_(ledger), told_(told), last_(last) {}

  absl::StatusOr<Rows> Run(const Statement& statement, const Parameters& parameters) override;

 private:
  StandbyReads* const standby_;
  Runner& primary_;
  const std::string_view ledger_;
  ToldEvents& told_;
  const uint64_t last_;
};

}  // namespace caseledger::eventstore::postgres
