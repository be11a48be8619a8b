// Backups of a running event store: what one is, and how to ask for one. Who asks need not know the
// engine; each engine brings its own maker.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// One ledger as far as a backup holds it.
struct BackupLedger {
  std::string ledger;
  uint32_t format_version = 0;
  Micros created_at = 0;  // of the ledger
  LedgerHead head;

  friend bool operator==(const BackupLedger& a, const BackupLedger& b) {
    return a.ledger == b.ledger && a.format_version == b.format_version &&
           a.created_at == b.created_at && a.head.next_position == b.head.next_position &&
           a.head.last_recorded_at == b.head.last_recorded_at &&
           a.head.last_leaf_hash == b.head.last_leaf_hash;
  }
};

// One kind of data in a backup; so far there is only the log.
struct BackupPart {
  std::string name;
  uint64_t files = 0;
  uint64_t bytes = 0;
  Hash256 index_hash;  // SHA-256 of the file that lists the files with their checksums
};

inline constexpr char kLogPart[] = "log";

struct BackupManifest {
  uint64_t id = 0;
  Micros created_at = 0;
  std::vector<BackupLedger> ledgers;  // by name
  std::vector<BackupPart> parts;

  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const BackupPart& part : parts) sum += part.bytes;
    return sum;
  }
};

struct BackupProgress {
  enum class Phase {
    kCopyingFiles,   // counts bytes
    kCheckingFiles,  // counts bytes
    kReadingEvents,  // counts events
  };
  Phase phase = Phase::kCopyingFiles;
  uint64_t done = 0;
  uint64_t total = 0;  // an estimate while copying; never below `done`
};

// Hears how far the work is; false ends it soon. Called by one thread at a time.
using OnBackupProgress = std::function<bool(const BackupProgress&)>;

// A backup that was made, and what making it took.
struct MadeBackup {
  BackupManifest manifest;
  uint64_t copied_bytes = 0;          // new in the backup directory; the rest was there already
  std::vector<uint64_t> removed_ids;  // older backups that `keep` let go
};

// Makes backups of a store that is being written to. Thread-safe.
class BackupMaker {
 public:
  virtual ~BackupMaker() = default;

  // Copies the store as it is at one moment after the call began. On OK the backup is complete and
  // durable. With `keep` above 0 only the newest `keep` backups stay; older ones are removed after
  // the new one was read through and found whole. Blocks as long as that takes.
  //
  // ABORTED              a backup is being made, verified or restored in the same directory
  // FAILED_PRECONDITION  the directory holds backups that this store does not continue
  // CANCELLED            `progress` said so
  // UNAVAILABLE          the store is closed or has failed, or the backup directory does not answer
  // DATA_LOSS            stored bytes are damaged
  // After an error there is no new backup, except that one with DATA_LOSS may be listed, to be
  // looked at. Older ones are as they were.
  virtual absl::StatusOr<MadeBackup> Create(uint32_t keep, const OnBackupProgress& progress) = 0;
};

}  // namespace caseledger::eventstore
