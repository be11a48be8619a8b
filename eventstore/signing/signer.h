// Signs the checkpoints of one ledger, and refuses a ledger that is not what was signed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/signing/key_ring.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::eventstore {

struct SignerOptions {
  std::string ledger;
  // Where the newest checkpoint is kept outside the database, in a folder named after the ledger.
  // Better on another disk.
  std::string checkpoint_dir;
  // The ledger's keys (KeyRing), made when the ledger never signed.
  std::string key_file;
  // The origin of a ledger that never signed is PREFIX/LEDGER/ and 8 random hexadecimal digits.
  std::string origin_prefix = "caseledger";
  // Goes on although the checkpoint outside the database is gone. Whoever sets it vouches that the
  // ledger is not an older one.
  bool accept_lost_checkpoint = false;
  // Goes on as another log: forgets what was signed, with new keys. For a ledger that lost events
  // which were signed; nobody may take it for the old log then. What was kept outside is put aside.
  bool new_origin = false;
  Clock* clock = nullptr;          // required
  RandomSource* random = nullptr;  // required
};

// A checkpoint that was handed out.
struct PublishedCheckpoint {
  Checkpoint checkpoint;
  std::string note;  // signed
};

// Where the newest checkpoint of the ledger is kept outside the database.
std::string CheckpointPath(const std::string& checkpoint_dir, const std::string& ledger);

// The bytes of what a signer has to remember. DATA_LOSS unless they are just what one writes.
absl::StatusOr<storage::v1::SigningState> DecodeSigningState(std::string_view bytes);

// Invariants
// 1. What `Latest` shows is durable in the database and in the checkpoint directory.
// 2. Sizes only grow, and each root is that of a tree that continues the one before: at Open the
//    tree is compared with both kept checkpoints, and all after the newer one is computed again
//    from the records; from then on the tree only grows.
//
// Thread-safe.
class Signer {
 public:
  // Compares the ledger with what was signed. Before the ledger's log is opened. The engine must
  // outlive the signer.
  //
  // DATA_LOSS            the ledger is shorter than or another than what was signed, or a kept
  //                      checkpoint is damaged; says what to do
  // FAILED_PRECONDITION  keys or the outer checkpoint are missing, or others may read the keys
  // UNAVAILABLE          storage did not answer
  static absl::StatusOr<std::unique_ptr<Signer>> Open(Engine& engine, SignerOptions options);

  const std::string& origin() const { return origin_; }
  // The newest first.
  std::vector<VerifierKey> Verifiers() const;

  // Signs the tree, which is the ledger's, unless it did not grow. Reads the keys again when their
  // file cannot be used UNAVAILABLE or FAILED_PRECONDITION; nothing is handed out then.
  absl::Status Sign(const TreeEdge& tree);

  // Null before the first one.
  std::shared_ptr<const PublishedCheckpoint> Latest() const;

 private:
  Signer(Engine& engine, SignerOptions options)
      : engine_(engine),
        options_(std::move(options)),
        path_(CheckpointPath(options_.checkpoint_dir, options_.ledger)) {}

  absl::Status PutAside();
  absl::Status LoadKeys(bool never_signed);
  // What the database says; empty before the first time.
  absl::StatusOr<std::string> LoadInner();
  absl::StatusOr<std::string> LoadOuter(bool signed_before);
  absl::Status CheckLedger(const std::vector<std::string>& notes);
  absl::Status SaveInner(const std::string& note);
  // Puts the newest checkpoint where an older one or none is kept.
  absl::Status KeepNewest(const std::string& inner, const std::string& outer);

  Engine& engine_;
  const SignerOptions options_;
  const std::string path_;
  std::string origin_;  // set by Open
  Mutex signing_;       // held while signing
  mutable Mutex mutex_;
  KeyRing keys_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const PublishedCheckpoint> latest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
