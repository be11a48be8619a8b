// A witness of logs (c2sp.org/tlog-witness): cosigns a checkpoint only when it continues the one it
// cosigned before. Run by another department than the log, it keeps the log's operator from showing
// two histories to two people.
//
// Pure protocol and durable state; HTTP is spoken above.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/durable_file.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/signing/key_ring.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/signing_key.h"
#include "eventstore/witness/add_checkpoint.h"
#include "eventstore/witness/state_lock.h"

namespace caseledger::eventstore {

struct WitnessOptions {
  // The witness's keys (KeyRing). Made when the file is not there and `name` says for whom.
  std::string key_file;
  std::string name;
  // Where the newest checkpoint of each log is kept, and nothing else. Made with the keys.
  std::string state_dir;
  // Keys of the logs it knows; several of one name are one log's, as while its keys rotate.
  std::vector<VerifierKey> logs;
  Clock* clock = nullptr;          // required
  RandomSource* random = nullptr;  // required
  // Replaces a file, durable on OK.
  std::function<absl::Status(const std::string& path, std::string_view bytes)> write_file =
      WriteFileDurably;
  // Hears, once for each log, that it has signed another history than the one cosigned. The note
  // is the evidence, together with the checkpoint kept.
  std::function<void(const std::string& origin, const std::string& note)> on_conflict;
};

// Invariants
// 1. What is cosigned is durable before the cosignature leaves: after any crash the witness still
//    knows it, or nobody has its cosignature.
// 2. The sizes it cosigns of a log never fall, and each root continues the one before.
// 3. A request that is not a known log's changes nothing and learns nothing.
// 4. A state directory has one witness at a time.
//
// Thread-safe.
class Witness {
 public:
  // INVALID_ARGUMENT     no logs, a log's key that is none, a bad name
  // FAILED_PRECONDITION  keys without state or another witness's state; another witness runs on it;
  //                      others may read the keys
  // DATA_LOSS            a kept checkpoint is damaged; says what to do
  // UNAVAILABLE          files cannot be read or written
  static absl::StatusOr<std::unique_ptr<Witness>> Open(WitnessOptions options);

  // The newest first; all of one name.
  std::vector<VerifierKey> Verifiers() const { return keys_.Verifiers(); }

  // Answers the body of an add-checkpoint. May block on the disk.
  //
  // 200  cosignature lines
  // 400  not a request, or its old size is above the checkpoint's
  // 403  no good signature of a known key of this log
  // 404  an unknown log
  // 409  another size than its old one was cosigned: the body says which; or another root of the
  //      same size
  // 422  the proof does not lead from the old checkpoint to the new one
  // 500  the checkpoint could not be kept, so it is not cosigned; or no key signs now
  WitnessAnswer Add(std::string_view body);

 private:
  // One known log.
  struct Log {
    std::vector<VerifierKey> keys;
    std::string path;  // of its newest checkpoint
    Mutex mutex;       // held from the comparison until the new one is kept
    Checkpoint newest ABSL_GUARDED_BY(mutex);
    bool cosigned ABSL_GUARDED_BY(mutex) = false;  // whether there is one
    bool conflict_told ABSL_GUARDED_BY(mutex) = false;
  };

  explicit Witness(WitnessOptions options) : options_(std::move(options)) {}

  absl::Status LoadKeys();
  absl::Status MakeKeys();
  absl::Status CheckState();
  absl::Status LockState();
  absl::Status LoadLogs();
  absl::Status LoadNewest(const std::string& origin, Log& log);
  // The note has only signatures that were checked.
  WitnessAnswer Advance(Log& log, const AddCheckpoint& request, Checkpoint next, Note note);

  const WitnessOptions options_;
  KeyRing keys_{KeyAlgorithm::kCosignatureV1};
  std::unique_ptr<StateLock> state_lock_;                          // from before the state is read
  std::map<std::string, std::unique_ptr<Log>, std::less<>> logs_;  // by origin
};

}  // namespace caseledger::eventstore
