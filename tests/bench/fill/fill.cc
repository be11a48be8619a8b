#include "tests/bench/fill/fill.h"

#include <memory>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/signing/signer.h"
#include "eventstore/vault/eraser.h"
#include "projections/read_model/rocksdb/rocksdb_read_models.h"
#include "services/app/vault/vault_files.h"
#include "services/commands/heads_keeper.h"

namespace caseledger::bench {
namespace {

using namespace eventstore;  // NOLINT(google-build-using-namespace): one small program

constexpr uint64_t kMostWaiting = 2048;
constexpr uint64_t kTellEvery = 100'000;  // appends

// Appends that were submitted and not answered yet, and the first error. Thread-safe.
class Waiting {
 public:
  // Waits for room. The first error, if any.
  absl::Status Add() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Waiting::HasRoom);
    ++waiting_;
    return first_error_;
  }
  void Answered(const absl::Status& status) {
    MutexLock lock(&mutex_);
    --waiting_;
    if (first_error_.ok()) first_error_ = status;
  }
  absl::Status AwaitAll() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Waiting::IsEmpty);
    return first_error_;
  }

 private:
  bool HasRoom() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return waiting_ < kMostWaiting; }
  bool IsEmpty() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return waiting_ == 0; }

  Mutex mutex_;
  uint64_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

absl::Status AppendAll(EventLog& log, commands::HeadsKeeper& heads,
                       absl::FunctionRef<bool(AppendRequest&)> next,
                       absl::FunctionRef<void(uint64_t events)> told) {
  Waiting waiting;
  AppendRequest request;
  absl::Status status;
  for (uint64_t appends = 1; status.ok() && next(request); ++appends) {
    if (heads.IsDue()) status = heads.Commit().status();
    status.Update(waiting.Add());
    log.Submit(std::move(request), [&waiting](const absl::StatusOr<AppendResult>& result) {
      waiting.Answered(result.status());
    });
    if (appends % kTellEvery == 0) told(log.Head().next_position);
  }
  status.Update(waiting.AwaitAll());
  return status;
}

}  // namespace

absl::StatusOr<std::string> FillLedger(const std::string& directory, const std::string& ledger,
                                       absl::FunctionRef<bool(AppendRequest&)> next,
                                       absl::FunctionRef<void(uint64_t events)> told) {
  RocksDbOptions store;
  store.path = directory + "/log";
  ASSIGN_OR_RETURN(const auto engine, OpenRocksDbEngine(store));
  SignerOptions signing;
  signing.ledger = ledger;
  signing.checkpoint_dir = directory + "/checkpoints";
  signing.key_file = StrCat(directory, "/keys/", ledger, ".keys");
  signing.clock = &SystemClock();
  signing.random = &SystemRandom();
  ASSIGN_OR_RETURN(const auto signer, Signer::Open(*engine, signing));
  SequencerOptions options;
  options.clock = &SystemClock();
  ASSIGN_OR_RETURN(const auto vault, app::VaultFiles::Open(app::VaultIn(directory), *engine,
                                                           SystemClock(), SystemRandom()));
  options.sealer = &vault->sealer();
  ASSIGN_OR_RETURN(auto log, OpenLog(*engine, ledger, options));
  Eraser eraser(*vault->vault(), ledger, *log, [](const auto&, const auto&) {});
  RETURN_IF_ERROR(eraser.Start());
  projections::RocksDbReadModelOptions tables;
  tables.path = directory + "/read-models";
  ASSIGN_OR_RETURN(const auto read_models, projections::OpenRocksDbReadModels(tables));
  ASSIGN_OR_RETURN(auto heads,
                   commands::HeadsKeeper::Open(*log, ledger, *read_models, SystemClock()));
  absl::Status status = AppendAll(*log, *heads, next, told);
  log->Close();
  status.Update(signer->Sign(*log->Tree()));
  const std::string verifier = signer->Verifiers().front().ToText();
  heads.reset();
  status.Update(read_models->Close());
  eraser.Stop();
  log.reset();
  status.Update(vault->Close());
  status.Update(engine->Close());
  RETURN_IF_ERROR(status);
  return verifier;
}

}  // namespace caseledger::bench
