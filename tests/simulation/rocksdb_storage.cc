#include <cstdint>
#include <utility>
#include <vector>

#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "tests/simulation/storage.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/memory_disk.h"
#include "tests/support/stepped_env.h"

namespace caseledger::simulation {
namespace {

using caseledger::testing::DiskImage;
using caseledger::testing::Fault;
using caseledger::testing::FaultPlan;
using caseledger::testing::FaultyFileSystem;
using caseledger::testing::Io;
using caseledger::testing::MemoryDisk;
using caseledger::testing::SteppedEnv;
using eventstore::HeadView;
using eventstore::StoredEvent;
using eventstore::StreamHead;
using eventstore::StreamId;
using storage::v1::LedgerInfo;

constexpr char kPath[] = "/disk/store";

// Runs RocksDB's background work right after each commit, and watches that nothing is committed
// after a failed sync. All of it happens while the committing thread holds the baton.
class SteppedEngine final : public eventstore::Engine {
 public:
  using Visit = absl::FunctionRef<bool(const StoredEvent&)>;

  SteppedEngine(std::unique_ptr<eventstore::Engine> engine, SteppedEnv& env,
                const FaultyFileSystem& disk, const Storage::ReportBreach& report_breach)
      : engine_(std::move(engine)),
        env_(env),
        disk_(disk),
        failed_syncs_at_first_(disk.failed_syncs()),
        report_breach_(report_breach) {}

  absl::Status Commit(std::string_view ledger, eventstore::Resolve resolve) override {
    const bool sync_had_failed = disk_.failed_syncs() > failed_syncs_at_first_;
    bool writes = false;
    absl::Status committed = engine_->Commit(ledger, [&](HeadView& view) {
      absl::StatusOr<eventstore::EngineBatch> batch = resolve(view);
      writes = batch.ok() && !batch->events.empty();
      return batch;
    });
    if (committed.ok() && writes && sync_had_failed) {
      report_breach_("events were committed after a failed sync");
    }
    env_.RunScheduled();
    return committed;
  }

  absl::StatusOr<std::vector<LedgerInfo>> ListLedgers() const override {
    return engine_->ListLedgers();
  }
  absl::Status CreateLedger(const LedgerInfo& info) override { return engine_->CreateLedger(info); }
  absl::Status ReplaceInfo(const LedgerInfo& info) override { return engine_->ReplaceInfo(info); }
  absl::Status AddMarks(std::string_view ledger,
                        std::span<const std::pair<std::string, std::string>> marks) override {
    return engine_->AddMarks(ledger, marks);
  }
  absl::StatusOr<eventstore::LedgerHead> LoadHead(std::string_view ledger) const override {
    return engine_->LoadHead(ledger);
  }
  absl::Status Read(std::string_view ledger, uint64_t from, uint64_t end,
                    Visit visit) const override {
    return engine_->Read(ledger, from, end, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindTile(std::string_view ledger, unsigned level,
                                                      uint64_t index) const override {
    return engine_->FindTile(ledger, level, index);
  }
  absl::Status VisitIndex(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const override {
    return engine_->VisitIndex(ledger, visit);
  }
  absl::Status VisitStreamHeads(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const override {
    return engine_->VisitStreamHeads(ledger, visit);
  }
  absl::Status VisitMarks(
      std::string_view ledger, std::string_view prefix,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
    return engine_->VisitMarks(ledger, prefix, visit);
  }
  absl::Status VisitTiles(
      std::string_view ledger,
      absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const override {
    return engine_->VisitTiles(ledger, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindSigningState(
      std::string_view ledger) const override {
    return engine_->FindSigningState(ledger);
  }
  absl::Status ReplaceSigningState(std::string_view ledger, std::string_view state) override {
    return engine_->ReplaceSigningState(ledger, state);
  }
  absl::StatusOr<StreamHead> FindStream(std::string_view ledger,
                                        const StreamId& stream) const override {
    return engine_->FindStream(ledger, stream);
  }
  absl::Status ReadStream(std::string_view ledger, const StreamId& stream, uint64_t from_revision,
                          Visit visit) const override {
    return engine_->ReadStream(ledger, stream, from_revision, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view ledger,
                                                      std::string_view key) const override {
    return engine_->FindMark(ledger, key);
  }
  absl::Status Close() override { return engine_->Close(); }

 private:
  const std::unique_ptr<eventstore::Engine> engine_;
  SteppedEnv& env_;
  const FaultyFileSystem& disk_;
  const int64_t failed_syncs_at_first_;
  const Storage::ReportBreach& report_breach_;
};

class RocksDbStorage final : public Storage {
 public:
  explicit RocksDbStorage(ReportBreach report_breach)
      : report_breach_(std::move(report_breach)), disk_(std::make_shared<MemoryDisk>(kEmptyDisk)) {
    PlugIn();
  }
  ~RocksDbStorage() override { LetGo(); }

  absl::Status Open() override {
    eventstore::RocksDbOptions options;
    options.path = kPath;
    options.env = env_.get();
    options.block_cache_bytes = 1u << 20;
    // Never full in one session: how much a commit takes in memory differs a little from run to
    // run. Tables are written by closing.
    options.write_buffer_bytes = 8u << 20;
    auto opened = eventstore::OpenRocksDbEngine(options);
    env_->RunScheduled();
    if (!opened.ok()) return opened.status();
    engine_ = std::make_unique<SteppedEngine>(*std::move(opened), *env_, *faults_, report_breach_);
    return absl::OkStatus();
  }

  eventstore::Engine& engine() override { return *engine_; }

  // Reads are left out: how often a table is read ahead differs a little from run to run.
  void Break(Random& random) override {
    FaultPlan plan;
    plan.io = random.Pick<Io>({Io::kAppend, Io::kAppend, Io::kSync, Io::kSync, Io::kCreate,
                               Io::kRename, Io::kDirectorySync});
    plan.suffix = random.Pick<std::string>({"", ".log", ".log"});
    plan.succeed_first = random.Between(0, random.Pick<int64_t>({3, 20}));
    plan.fault = Fault::kError;
    if (plan.io == Io::kAppend) {
      plan.fault = random.Pick<Fault>({Fault::kError, Fault::kNoSpace, Fault::kTorn});
    }
    plan.lasts = random.OneIn(2);
    plan.power_cut = random.OneIn(2);
    faults_->Inject(plan);
  }
  bool is_broken() const override { return faults_->struck(); }

  absl::Status Close() override {
    env_->Allow(SteppedEnv::Allowed::kFlushes);
    absl::Status closed = engine_->Close();
    env_->Allow(SteppedEnv::Allowed::kNone);
    LetGo();
    // A plan that did not strike is void.
    if (!faults_->struck()) faults_->Heal();
    return closed;
  }

  void Crash(Random& random) override {
    using Survives = MemoryDisk::Survives;
    const auto survives =
        random.Pick<Survives>({Survives::kNothing, Survives::kNames, Survives::kEverything});
    const DiskImage left = disk_->AfterPowerCut(survives);
    LetGo();
    env_.reset();
    disk_ = std::make_shared<MemoryDisk>(left);
    PlugIn();
  }

 private:
  inline static const DiskImage kEmptyDisk = {{}, {"/disk"}};

  void PlugIn() {
    faults_ = std::make_shared<FaultyFileSystem>(disk_);
    env_ = std::make_unique<SteppedEnv>(faults_);
  }
  void LetGo() {
    engine_.reset();
    env_->RunScheduled();
  }

  const ReportBreach report_breach_;
  std::shared_ptr<MemoryDisk> disk_;
  std::shared_ptr<FaultyFileSystem> faults_;
  std::unique_ptr<SteppedEnv> env_;
  std::unique_ptr<SteppedEngine> engine_;
};

}  // namespace

std::unique_ptr<Storage> NewRocksDbStorage(Storage::ReportBreach report_breach) {
  return std::make_unique<RocksDbStorage>(std::move(report_breach));
}

}  // namespace caseledger::simulation
