// Wrapping keys in files: a folder that belongs to the server's user alone, one file a key
// (key_file.h).
//
//   ID.key          a wrapping key
//   ID.key.part     one that was being made when the program ended: never wrapped anything
//   ID.destroying   one whose destruction has begun: it counts as destroyed
//
// Opening removes what is of the last two kinds. Other files are refused: a copy of a key that lies
// about would outlive it. `lost+found` is let be, since the folder may be a volume of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/vault/keys/key_file.h"
#include "eventstore/vault/keys/key_folder.h"
#include "eventstore/vault/keys/wrapping_keys.h"

namespace caseledger::eventstore {

// Holds the keys in locked memory. Thread-safe. One program at a time; clock and random source must
// outlive it.
//
// Invariants
// 1. A key wraps only after its file is durable.
// 2. A key is destroyed from the moment its file has its new name: from then on neither this object
//    nor one opened later unwraps with it, whatever becomes of the bytes.
// 3. When Destroy has returned OK, the bytes were overwritten and the file is gone, durably, and
//    there is none of it in memory.
class KeyFiles final : public WrappingKeys {
 public:
  static constexpr size_t kMaxKeys = 1024;

  // UNAVAILABLE          the folder is missing or has no key, or a file cannot be read
  // FAILED_PRECONDITION  others may read the folder or a file, or it is another user's, no folder,
  //                      no regular file, none of ours, or in use; says what to run
  // DATA_LOSS            a file is damaged; names it
  static absl::StatusOr<std::unique_ptr<KeyFiles>> Open(const std::string& path, Clock& clock,
                                                        RandomSource& random,
                                                        KeyFolderUse use = KeyFolderUse::kAlone);

  // Makes the folder, and those above it, with a first key. A folder without one is taken.
  // ALREADY_EXISTS when it has one; the errors of Open.
  static absl::StatusOr<std::unique_ptr<KeyFiles>> CreateFolder(
      const std::string& path, Clock& clock, RandomSource& random,
      KeyFolderUse use = KeyFolderUse::kAlone);

  // The same two for a folder that is open.
  static absl::StatusOr<std::unique_ptr<KeyFiles>> In(std::unique_ptr<KeyFolder> folder,
                                                      Clock& clock, RandomSource& random);
  static absl::StatusOr<std::unique_ptr<KeyFiles>> FirstIn(std::unique_ptr<KeyFolder> folder,
                                                           Clock& clock, RandomSource& random);

  absl::StatusOr<std::vector<WrappingKeyInfo>> List() const override;
  absl::StatusOr<std::string> Wrap(const Uuid& with, const SecretKey& key,
                                   std::string_view about) override;
  absl::StatusOr<SecretKey> Unwrap(const Uuid& with, std::string_view wrapped,
                                   std::string_view about) override;
  // RESOURCE_EXHAUSTED beyond kMaxKeys. After an error there is no new key, or one that was not
  // used, from the next opening on.
  absl::StatusOr<WrappingKeyInfo> Create() override;
  // After an error: to be called again, also when the key is not listed any more.
  absl::Status Destroy(const Uuid& id) override;

 private:
  KeyFiles(std::unique_ptr<KeyFolder> folder, Clock& clock, RandomSource& random)
      : clock_(clock), random_(random), folder_(std::move(folder)) {}

  absl::Status Load();
  absl::Status LoadKey(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(changes_);
  absl::Status Erase(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(changes_);
  void Forget(const Uuid& id);
  std::optional<WrappingKeyInfo> Newest() const;
  size_t size() const;
  const WrappingKey* Find(const Uuid& id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  RandomSource& random_;
  Mutex changes_;  // held while files change; taken before mutex_
  const std::unique_ptr<KeyFolder> folder_ ABSL_PT_GUARDED_BY(changes_);
  // Held while a key is used, so that one that was destroyed is in nobody's hands.
  mutable Mutex mutex_;
  std::vector<WrappingKey> keys_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

}  // namespace caseledger::eventstore
