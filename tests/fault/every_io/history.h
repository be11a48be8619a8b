// A scripted history of a store: the same I/Os each time, so that each can be made to fail.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/engine/engine.h"
#include "tests/fault/every_io/store_model.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/memory_disk.h"
#include "tests/support/stepped_env.h"

namespace caseledger::testing {

// A store on a disk that can fail. Its engine is open between Open and Close or Kill.
class Rig {
 public:
  explicit Rig(std::shared_ptr<rocksdb::FileSystem> disk, std::string path = "/disk/store");
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  absl::Status Open();
  absl::Status Close();
  // Lets go of the engine without closing it.
  void Kill();

  bool is_open() const { return engine_ != nullptr; }
  eventstore::Engine& engine() { return *engine_; }
  FaultyFileSystem& faults() { return *faults_; }
  SteppedEnv& env() { return *env_; }

 private:
  const std::shared_ptr<FaultyFileSystem> faults_;
  const std::unique_ptr<SteppedEnv> env_;
  const std::string path_;
  std::unique_ptr<eventstore::Engine> engine_;
};

// An empty disk with the folder that the store is made in.
DiskImage EmptyDisk();

// What came of a history.
struct HistoryReport {
  std::vector<absl::Status> troubles;  // what the store reported, in order
  std::string violation;               // what it must never do
  bool only_last_commit_missing = false;
};

// Creates ledgers and commits to several streams of several ledgers, so much that tables are
// written and compacted; is closed, reopened, killed and reopened. After each opening and before
// each end all that is there is read and compared with `model`. A store that reports trouble is
// used on, as its callers would; one that cannot be opened ends the history. `until` ends it after
// a step, when true, as SIGKILL would.
HistoryReport RunHistory(
    Rig& rig, StoreModel& model, const std::function<bool()>& until = [] { return false; });

// Appends one more event to `ledger`.
absl::Status CommitOne(Rig& rig, const std::string& ledger, uint64_t number, StoreModel& model);

}  // namespace caseledger::testing
