// What a server does until it is its turn: it shows that it could do the work, passes calls on,
// keeps its read models up to date, and says why it waits.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "projections/read_model/read_model.h"
#include "services/app/monitoring/collectors.h"
#include "services/app/server/options.h"
#include "services/app/server/port.h"
#include "services/app/server/warm_up.h"

namespace caseledger::app {

// How a server stands by, for who asks meanwhile. Thread-safe.
class StandbyHealth {
 public:
  void Begin() { Set(true, {}); }
  void Show(std::vector<LedgerHealth> ledgers) { Set(true, std::move(ledgers)); }
  void End() { Set(false, {}); }
  Families Metrics() const;

 private:
  void Set(bool stands_by, std::vector<LedgerHealth> ledgers);

  mutable Mutex mutex_;
  bool stands_by_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<LedgerHealth> ledgers_ ABSL_GUARDED_BY(mutex_);
};

// Not thread-safe. What it is given must outlive it.
class Standby {
 public:
  Standby(const ServerOptions& options, const std::set<std::string>& ledgers,
          projections::ReadModelStore& read_models, StandbyHealth& health, Port& port, Clock& clock,
          RandomSource& random)
      : options_(options),
        ledgers_(ledgers),
        read_models_(read_models),
        health_(health),
        port_(port),
        clock_(clock),
        random_(random) {}

  // Before anything is waited for. INVALID_ARGUMENT: a flag is missing that says where all servers
  // find keys and checkpoints.
  absl::Status Check() const;

  // Some times a second, with the reason for waiting. False: not any longer; `trouble` says why,
  // unless it was asked to.
  bool GoOn(const eventstore::PostgresLease::Waiting& waiting);
  const absl::Status& trouble() const { return trouble_; }

  // It is this server's turn: stops what only reads.
  void TakeOver();

 private:
  // Whether this server could go on with the ledgers: wrapping keys, signing keys, checkpoints. OK
  // also while the database does not answer.
  absl::Status CheckPlaces();
  absl::Status CheckSigningOf(const eventstore::Engine& engine, const std::string& ledger) const;
  // What is there of the search for persons is not kept up while standing by, so not kept either:
  // whoever is erased meanwhile must not be in it.
  absl::Status DropPersonSearch();
  void Tell(const absl::Status& why);
  void FollowTheLog();
  // Looks how far the read models are, every second at most.
  void LookAtReadModels();

  const ServerOptions& options_;
  const std::set<std::string>& ledgers_;
  projections::ReadModelStore& read_models_;
  StandbyHealth& health_;
  Port& port_;
  Clock& clock_;
  RandomSource& random_;
  absl::Status trouble_;
  std::string told_;
  Micros told_at_ = 0;
  bool checked_ = false;
  bool dropped_ = false;
  bool warm_ = false;
  Micros looked_at_ = 0;
  uint64_t behind_ = 0;  // the read model that is furthest, then
  std::unique_ptr<WarmUp> warm_up_;
};

}  // namespace caseledger::app
