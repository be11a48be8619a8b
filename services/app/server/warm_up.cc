#include "services/app/server/warm_up.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/vault/no_keys.h"
#include "services/access/trail/trail.h"
#include "services/app/server/projections.h"

namespace caseledger::app {

WarmUp::WarmUp(RandomSource& random)
    : no_keys_(std::make_unique<eventstore::NoKeys>()),
      sealer_(std::make_unique<eventstore::KeyedSealer>(*no_keys_, random)) {}

absl::StatusOr<std::unique_ptr<WarmUp>> WarmUp::Start(const StorageChoice& choice,
                                                      const std::set<std::string>& ledgers,
                                                      projections::ReadModelStore& read_models,
                                                      Clock& clock, RandomSource& random) {
  std::unique_ptr<WarmUp> warm_up(new WarmUp(random));
  ASSIGN_OR_RETURN(warm_up->engine_, OpenToRead(choice, random));
  ASSIGN_OR_RETURN(const auto infos, warm_up->engine_->ListLedgers());
  for (const std::string& name : ledgers) {
    for (const std::string& ledger : {name, access::TrailLedgerOf(name)}) {
      const bool is_there = std::any_of(infos.begin(), infos.end(),
                                        [&](const auto& info) { return info.ledger() == ledger; });
      if (is_there) RETURN_IF_ERROR(warm_up->Follow(ledger, read_models, clock));
    }
  }
  return warm_up;
}

absl::Status WarmUp::Follow(const std::string& ledger, projections::ReadModelStore& read_models,
                            Clock& clock) {
  Followed& followed = followed_.emplace_back();
  followed.ledger = ledger;
  eventstore::SequencerOptions options;
  options.clock = &clock;
  options.sealer = sealer_.get();
  options.shared = true;
  ASSIGN_OR_RETURN(followed.log, eventstore::OpenLog(*engine_, ledger, options));
  projections::Runtime::Options runtime;
  runtime.clock = &clock;
  runtime.outage_pause = std::chrono::seconds(1);
  ASSIGN_OR_RETURN(followed.runtime, projections::StartRuntime(*followed.log, ledger, read_models,
                                                               ProjectionsOf(ledger), runtime));
  return absl::OkStatus();
}

std::vector<LedgerHealth> WarmUp::Health() const {
  std::vector<LedgerHealth> all;
  for (const Followed& followed : followed_) {
    if (followed.runtime == nullptr) continue;
    all.push_back(
        {followed.ledger, followed.runtime->Health(projections::Runtime::Ages::kLeftOut)});
  }
  return all;
}

absl::Status WarmUp::CheckFollowing() const {
  for (const Followed& followed : followed_) {
    if (followed.log != nullptr) RETURN_IF_ERROR(followed.log->health());
  }
  return absl::OkStatus();
}

void WarmUp::Stop() {
  for (const Followed& followed : followed_) {
    if (followed.log != nullptr) followed.log->Close();
    if (followed.runtime != nullptr) followed.runtime->Stop();
  }
  followed_.clear();
  if (engine_ != nullptr) engine_->Close().IgnoreError();
}

}  // namespace caseledger::app
