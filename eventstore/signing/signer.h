// Signs the checkpoints of one ledger, has them cosigned and publishes them; refuses a ledger that
// is not what was signed.
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
#include "eventstore/signing/cosignatures.h"
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
  // Witnesses, and how many of them it takes to publish.
  CosigningOptions cosigning;
  Clock* clock = nullptr;          // required
  RandomSource* random = nullptr;  // required
};

// A checkpoint that may be handed out.
struct PublishedCheckpoint {
  Checkpoint checkpoint;
  std::string note;  // signed: by the log's keys first, then by witnesses
};

// Where the newest signed checkpoint of the ledger is kept outside the database.
std::string CheckpointPath(const std::string& checkpoint_dir, const std::string& ledger);
// Where the newest published one is kept when there are witnesses: with their cosignatures.
std::string PublishedPath(const std::string& checkpoint_dir, const std::string& ledger);

// The bytes of what a signer has to remember. DATA_LOSS unless they are just what one writes.
absl::StatusOr<storage::v1::SigningState> DecodeSigningState(std::string_view bytes);

// A checkpoint is signed and made durable, then cosigned, then published.
//
// Invariants
// 1. What is signed is durable in the database and in the checkpoint directory before it leaves,
//    be it to a witness.
// 2. Sizes only grow, and each root is that of a tree that continues the one before: at Open the
//    tree is compared with all kept checkpoints, and all after the newest one is computed again
//    from the records; from then on the tree only grows. So no two checkpoints of one size exist.
// 3. What `Latest` shows has the cosignatures it needs, and its size never falls.
//
// Thread-safe.
class Signer {
 public:
  // Compares the ledger with what was signed. Before the ledger's log is opened. The engine must
  // outlive the signer.
  //
  // INVALID_ARGUMENT     more cosignatures are needed than there are witnesses
  // DATA_LOSS            the ledger is shorter than or another than what was signed, or a kept
  //                      checkpoint is damaged; says what to do
  // FAILED_PRECONDITION  keys or the outer checkpoint are missing, or others may read the keys
  // UNAVAILABLE          storage did not answer
  static absl::StatusOr<std::unique_ptr<Signer>> Open(Engine& engine, SignerOptions options);

  const std::string& origin() const { return origin_; }
  // The newest first.
  std::vector<VerifierKey> Verifiers() const;

  // Signs the tree, which is the ledger's, unless it did not grow, and publishes the checkpoint
  // when it needs no cosignatures. Reads the keys again; UNAVAILABLE or FAILED_PRECONDITION when
  // their file cannot be used, and nothing is signed then.
  absl::Status Sign(const TreeEdge& tree);

  bool has_witnesses() const { return !options_.cosigning.witnesses.empty(); }
  // Whether a checkpoint waits for them.
  bool needs_witnesses() const { return options_.cosigning.min_cosignatures > 0; }

  // Asks the witnesses to cosign the newest signed checkpoint, and publishes it when enough of them
  // have. Waits until each has answered or its time is up, but delays no Sign.
  //
  // FAILED_PRECONDITION  too few have; it is not published
  // UNAVAILABLE          the published checkpoint could not be kept
  absl::Status Cosign();

  // The newest published one; null before the first.
  std::shared_ptr<const PublishedCheckpoint> Latest() const;

 private:
  using Shared = std::shared_ptr<const PublishedCheckpoint>;

  Signer(Engine& engine, SignerOptions options)
      : engine_(engine),
        options_(std::move(options)),
        path_(CheckpointPath(options_.checkpoint_dir, options_.ledger)),
        published_path_(PublishedPath(options_.checkpoint_dir, options_.ledger)),
        cosignatures_(options_.cosigning) {}

  absl::Status PutAside();
  absl::Status LoadKeys(bool never_signed);
  // What the database says; empty before the first time.
  absl::StatusOr<std::string> LoadInner();
  absl::StatusOr<std::string> LoadOuter(bool signed_before);
  // "" when there is none.
  absl::StatusOr<std::string> LoadPublished() const;
  // Of what was kept; the last two may be empty.
  absl::Status CheckLedger(const std::string& inner, const std::string& outer,
                           const std::string& published);
  absl::StatusOr<Checkpoint> CheckKept(const std::string& note, const std::string& where,
                                       uint64_t ledger_size) const;
  // Publishes what was published before, if it has the cosignatures it needs now.
  absl::Status RestorePublished(const Checkpoint& checkpoint, const std::string& note);
  absl::Status SaveInner(const std::string& note);
  // Puts the newest checkpoint where an older one or none is kept.
  absl::Status KeepNewest(const std::string& inner, const std::string& outer);
  Shared Newest() const;
  void PublishUncosigned() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Engine& engine_;
  const SignerOptions options_;
  const std::string path_;
  const std::string published_path_;
  std::string origin_;  // set by Open
  Mutex signing_;       // held while signing
  Mutex cosigning_;     // held while witnesses are asked
  Cosignatures cosignatures_ ABSL_GUARDED_BY(cosigning_);
  mutable Mutex mutex_;
  KeyRing keys_ ABSL_GUARDED_BY(mutex_);
  Shared signed_ ABSL_GUARDED_BY(mutex_);  // signatures of the log's keys alone
  Shared latest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
