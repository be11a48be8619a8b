#include "eventstore/vault/keys/key_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/keys/wrapped_key.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kKey = ".key";
constexpr std::string_view kPart = ".key.part";
constexpr std::string_view kDestroying = ".destroying";
constexpr std::string_view kOfTheFilesystem = "lost+found";
// Leftovers may lie beside keys.
constexpr size_t kMaxNames = 2 * KeyFiles::kMaxKeys;

std::string NameOf(const Uuid& id, std::string_view kind) { return StrCat(id.ToString(), kind); }

// The id when the name is what NameOf gives for the kind.
std::optional<Uuid> IdIn(std::string_view name, std::string_view kind) {
  if (!name.ends_with(kind)) return std::nullopt;
  const std::optional<Uuid> id = Uuid::Parse(name.substr(0, name.size() - kind.size()));
  if (!id || NameOf(*id, kind) != name) return std::nullopt;
  return id;
}

bool IsLeftover(std::string_view name) { return IdIn(name, kPart) || IdIn(name, kDestroying); }

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// All names in the folder, each of them ours.
absl::StatusOr<std::vector<std::string>> KnownNames(KeyFolder& folder) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, folder.Names());
  std::erase(names, kOfTheFilesystem);
  for (const std::string& name : names) {
    if (IdIn(name, kKey) || IsLeftover(name)) continue;
    return absl::FailedPreconditionError(
        StrCat(folder.path(), " has a file that is no wrapping key: ", name,
               ". Move it away; if it is a copy of a key, erase it: copies outlive what is "
               "destroyed"));
  }
  if (names.size() > kMaxNames) {
    return absl::FailedPreconditionError(
        StrCat(folder.path(), " has more than ", kMaxNames, " files: is it the right folder?"));
  }
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyFiles>> KeyFiles::Open(const std::string& path, Clock& clock,
                                                         RandomSource& random, KeyFolderUse use) {
  ASSIGN_OR_RETURN(std::unique_ptr<KeyFolder> folder, OpenKeyFolder(path, use));
  return In(std::move(folder), clock, random);
}

absl::StatusOr<std::unique_ptr<KeyFiles>> KeyFiles::CreateFolder(const std::string& path,
                                                                 Clock& clock, RandomSource& random,
                                                                 KeyFolderUse use) {
  RETURN_IF_ERROR(MakeDirectoryDurably(path));
  ASSIGN_OR_RETURN(std::unique_ptr<KeyFolder> folder, OpenKeyFolder(path, use));
  return FirstIn(std::move(folder), clock, random);
}

absl::StatusOr<std::unique_ptr<KeyFiles>> KeyFiles::In(std::unique_ptr<KeyFolder> folder,
                                                       Clock& clock, RandomSource& random) {
  const std::string path = folder->path();
  std::unique_ptr<KeyFiles> files(new KeyFiles(std::move(folder), clock, random));
  RETURN_IF_ERROR(files->Load());
  if (files->size() > 0) return files;
  return absl::UnavailableError(
      StrCat("the folder of wrapping keys ", path,
             " has no key: restore the keys of this vault; only a vault that is new makes others"));
}

absl::StatusOr<std::unique_ptr<KeyFiles>> KeyFiles::FirstIn(std::unique_ptr<KeyFolder> folder,
                                                            Clock& clock, RandomSource& random) {
  const std::string path = folder->path();
  std::unique_ptr<KeyFiles> files(new KeyFiles(std::move(folder), clock, random));
  RETURN_IF_ERROR(files->Load());
  if (files->size() > 0) {
    return absl::AlreadyExistsError(
        StrCat("there are wrapping keys in ", path, " already: they may be another vault's"));
  }
  const absl::StatusOr<WrappingKeyInfo> first = files->Create();
  if (!first.ok()) return first.status();
  return files;
}

absl::Status KeyFiles::Load() {
  const MutexLock changing(&changes_);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, KnownNames(*folder_));
  for (const std::string& name : names) {
    if (IsLeftover(name)) RETURN_IF_ERROR(Erase(name));
  }
  for (const std::string& name : names) {
    if (!IsLeftover(name)) RETURN_IF_ERROR(LoadKey(name));
  }
  const MutexLock lock(&mutex_);
  std::sort(keys_.begin(), keys_.end(), [](const WrappingKey& a, const WrappingKey& b) {
    return std::tie(a.info.created_at, a.info.id) < std::tie(b.info.created_at, b.info.id);
  });
  return absl::OkStatus();
}

absl::Status KeyFiles::LoadKey(const std::string& name) {
  const std::string path = StrCat(folder_->path(), "/", name);
  ASSIGN_OR_RETURN(std::string bytes, folder_->Read(name));
  const SecretText text(std::move(bytes));
  absl::StatusOr<WrappingKey> key = ReadKeyFile(text.view());
  if (key.ok() && key->info.id != IdIn(name, kKey)) {
    return absl::DataLossError(StrCat(path, " has another key than its name says: restore it"));
  }
  if (absl::IsDataLoss(key.status())) {
    return absl::DataLossError(
        StrCat(path,
               " is damaged: restore this file; without it nothing can be read whose key it "
               "wrapped"));
  }
  if (!key.ok()) {
    return absl::Status(key.status().code(), StrCat(path, " ", FromAbsl(key.status().message())));
  }
  const MutexLock lock(&mutex_);
  keys_.push_back(*std::move(key));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<WrappingKeyInfo>> KeyFiles::List() const {
  const MutexLock lock(&mutex_);
  std::vector<WrappingKeyInfo> all;
  all.reserve(keys_.size());
  for (const WrappingKey& key : keys_) all.push_back(key.info);
  return all;
}

absl::StatusOr<std::string> KeyFiles::Wrap(const Uuid& with, const SecretKey& key,
                                           std::string_view about) {
  const MutexLock lock(&mutex_);
  const WrappingKey* found = Find(with);
  if (found == nullptr) return NoSuchWrappingKey(with);
  const auto message_key = [found](const XaesNonce& nonce) -> absl::StatusOr<SecretKey> {
    return DeriveMessageKey(found->key, nonce);
  };
  return WrapKey(message_key, with, key, about, random_);
}

absl::StatusOr<SecretKey> KeyFiles::Unwrap(const Uuid& with, std::string_view wrapped,
                                           std::string_view about) {
  const MutexLock lock(&mutex_);
  const WrappingKey* found = Find(with);
  if (found == nullptr) return NoSuchWrappingKey(with);
  const auto message_key = [found](const XaesNonce& nonce) -> absl::StatusOr<SecretKey> {
    return DeriveMessageKey(found->key, nonce);
  };
  return UnwrapKey(message_key, with, wrapped, about);
}

absl::StatusOr<WrappingKeyInfo> KeyFiles::Create() {
  const MutexLock changing(&changes_);
  if (size() >= kMaxKeys) {
    return absl::ResourceExhaustedError(StrCat("there are ", kMaxKeys, " wrapping keys in ",
                                               folder_->path(),
                                               ": destroy those that wrap nothing any more"));
  }
  WrappingKey key{NextWrappingKey(Newest(), clock_, random_), SecretKey::Random(random_)};
  RETURN_IF_ERROR(folder_->Make(NameOf(key.info.id, kKey), WriteKeyFile(key).view()));
  const WrappingKeyInfo info = key.info;
  const MutexLock lock(&mutex_);
  keys_.push_back(std::move(key));
  return info;
}

absl::Status KeyFiles::Destroy(const Uuid& id) {
  const MutexLock changing(&changes_);
  const std::optional<WrappingKeyInfo> newest = Newest();
  if (newest && newest->id == id) return NewestIsKept(id);
  const std::string key = NameOf(id, kKey);
  const std::string destroying = NameOf(id, kDestroying);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_->Names());
  if (Contains(names, key)) {
    RETURN_IF_ERROR(folder_->Rename(key, destroying));
  } else {
    RETURN_IF_ERROR(folder_->Sync());  // an earlier try may have ended before it
  }
  Forget(id);
  if (!Contains(names, key) && !Contains(names, destroying)) return absl::OkStatus();
  return Erase(destroying);
}

absl::Status KeyFiles::Erase(const std::string& name) {
  std::array<uint8_t, kKeyFileBytes> noise;
  random_.Fill(noise.data(), noise.size());
  RETURN_IF_ERROR(
      folder_->Overwrite(name, {reinterpret_cast<const char*>(noise.data()), noise.size()}));
  return folder_->Remove(name);
}

void KeyFiles::Forget(const Uuid& id) {
  const MutexLock lock(&mutex_);
  std::erase_if(keys_, [&id](const WrappingKey& key) { return key.info.id == id; });
}

std::optional<WrappingKeyInfo> KeyFiles::Newest() const {
  const MutexLock lock(&mutex_);
  if (keys_.empty()) return std::nullopt;
  return keys_.back().info;
}

size_t KeyFiles::size() const {
  const MutexLock lock(&mutex_);
  return keys_.size();
}

const WrappingKey* KeyFiles::Find(const Uuid& id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&id](const WrappingKey& key) { return key.info.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace caseledger::eventstore
