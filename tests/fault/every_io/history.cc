#include "tests/fault/every_io/history.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "tests/contract/engine_test_data.h"

namespace caseledger::testing {
namespace {

using eventstore::EngineBatch;
using eventstore::HeadView;
using eventstore::StreamId;

// The least that RocksDB accepts. Small commits stay far below it and a big one fills it for
// certain: how much a commit takes in memory differs a little from run to run.
constexpr size_t kWriteBufferBytes = 64u << 10;
constexpr uint64_t kCommitsPerBigOne = 4;

bool OutcomeIsUnknown(const absl::Status& status) {
  return std::string(status.message()).find("outcome of this commit is unknown") !=
         std::string::npos;
}

bool IsClear(const absl::Status& status) {
  return (status.code() == absl::StatusCode::kUnavailable ||
          status.code() == absl::StatusCode::kDataLoss) &&
         !status.message().empty();
}

// One session of the store, from its opening to its end.
struct Session {
  std::vector<std::string> new_ledgers;
  uint64_t commits = 0;
  bool closes = true;  // or is killed
};

const std::vector<Session>& Script() {
  static const std::vector<Session> script = {
      {{"a", "b"}, 10, true},    // tables are written
      {{"a.access"}, 14, true},  // and compacted
      {{"c"}, 6, false},         // the write-ahead log holds several commits of each ledger
      {{}, 2, true},             // and is replayed
  };
  return script;
}

class Player {
 public:
  Player(Rig& rig, StoreModel& model, const std::function<bool()>& until)
      : rig_(rig), model_(model), until_(until) {}

  HistoryReport Play() {
    for (const Session& session : Script()) {
      if (!PlaySession(session)) break;
    }
    rig_.Kill();
    return std::move(report_);
  }

 private:
  // False when the history ends here.
  bool PlaySession(const Session& session) {
    failed_syncs_before_ = rig_.faults().failed_syncs();
    sync_failed_ = false;
    if (!Note(rig_.Open())) return false;
    if (!Continue()) return false;
    Compare(true);
    for (const std::string& ledger : session.new_ledgers) {
      Create(ledger);
      if (!Continue()) return false;
    }
    const std::vector<std::string> ledgers = model_.ledgers();
    for (uint64_t i = 0; i < session.commits && !ledgers.empty(); ++i) {
      Commit(ledgers[number_ % ledgers.size()]);
      if (!Continue()) return false;
    }
    Compare(false);
    if (session.closes) {
      Note(rig_.Close());
    } else {
      rig_.Kill();
    }
    return Continue();
  }

  // After each step.
  bool Continue() {
    rig_.env().RunScheduled();
    sync_failed_ = rig_.faults().failed_syncs() > failed_syncs_before_;
    return report_.violation.empty() && !until_();
  }

  bool Note(const absl::Status& status) {
    if (status.ok()) return true;
    report_.troubles.push_back(status);
    if (!IsClear(status)) Violation(StrCat("not a clear error: ", status.ToString()));
    return false;
  }

  void Violation(const std::string& what) {
    if (report_.violation.empty()) report_.violation = what;
  }

  void Acknowledged() {
    if (sync_failed_) Violation("a write was acknowledged after a failed sync");
  }

  void Create(const std::string& ledger) {
    const absl::Status status = rig_.engine().CreateLedger(InfoOf(ledger));
    if (Note(status)) {
      Acknowledged();
      model_.Created(ledger);
    } else if (OutcomeIsUnknown(status)) {
      model_.MaybeCreated(ledger);
    }
  }

  void Commit(const std::string& ledger) {
    const size_t before = model_.commits();
    Note(CommitOne(rig_, ledger, number_++, model_));
    if (model_.commits() > before) Acknowledged();
  }

  void Compare(bool just_opened) {
    const Comparison compared = model_.Compare(rig_.engine(), just_opened);
    Note(compared.trouble);
    if (compared.violation.empty()) return;
    Violation(StrCat("while running: ", compared.violation));
    report_.only_last_commit_missing = compared.only_last_commit_missing;
  }

  Rig& rig_;
  StoreModel& model_;
  const std::function<bool()>& until_;
  HistoryReport report_;
  uint64_t number_ = 0;
  int64_t failed_syncs_before_ = 0;
  bool sync_failed_ = false;  // in this session, before the current step
};

// Of one event. The big ones fill several blocks of the write-ahead log.
size_t RecordBytes(uint64_t number) {
  if (number % kCommitsPerBigOne == kCommitsPerBigOne - 1) return 70'000;
  return 100 + number * 331 % 1300;
}

// One to three streams, up to two events each.
std::vector<StreamId> StreamsOf(uint64_t number) {
  std::vector<StreamId> streams;
  for (uint64_t i = 0; i <= number % 3; ++i) {
    streams.push_back(Stream(1 + static_cast<uint32_t>(i), static_cast<uint8_t>(number % 5)));
  }
  if (number % kCommitsPerBigOne == kCommitsPerBigOne - 1) return {streams.front()};
  if (number % 4 == 2) streams.push_back(streams.front());
  return streams;
}

}  // namespace

DiskImage EmptyDisk() { return {{}, {"/disk"}}; }

Rig::Rig(std::shared_ptr<rocksdb::FileSystem> disk, std::string path)
    : faults_(std::make_shared<FaultyFileSystem>(std::move(disk))),
      env_(std::make_unique<SteppedEnv>(faults_)),
      path_(std::move(path)) {}

Rig::~Rig() { Kill(); }

absl::Status Rig::Open() {
  eventstore::RocksDbOptions options;
  options.path = path_;
  options.env = env_.get();
  options.block_cache_bytes = 1u << 20;
  options.write_buffer_bytes = kWriteBufferBytes;
  auto opened = eventstore::OpenRocksDbEngine(options);
  env_->RunScheduled();
  if (!opened.ok()) return opened.status();
  engine_ = *std::move(opened);
  return absl::OkStatus();
}

absl::Status Rig::Close() {
  env_->Allow(SteppedEnv::Allowed::kFlushes);
  const absl::Status closed = engine_->Close();
  env_->Allow(SteppedEnv::Allowed::kNone);
  engine_.reset();
  env_->RunScheduled();
  return closed;
}

void Rig::Kill() {
  engine_.reset();
  env_->RunScheduled();
}

absl::Status CommitOne(Rig& rig, const std::string& ledger, uint64_t number, StoreModel& model) {
  Commit commit;
  const absl::Status status =
      rig.engine().Commit(ledger, [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
        ASSIGN_OR_RETURN(EngineBatch batch,
                         NextBatch(view, StreamsOf(number), ledger, RecordBytes(number)));
        batch.marks.emplace_back(StrCat("request-", number), StrCat(ledger, "/", number));
        commit = {batch.events, batch.marks};
        return batch;
      });
  if (status.ok()) {
    model.Committed(ledger, std::move(commit));
  } else if (OutcomeIsUnknown(status)) {
    model.MaybeCommitted(ledger, std::move(commit));
  }
  return status;
}

HistoryReport RunHistory(Rig& rig, StoreModel& model, const std::function<bool()>& until) {
  return Player(rig, model, until).Play();
}

}  // namespace caseledger::testing
