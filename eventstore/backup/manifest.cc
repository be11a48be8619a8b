#include "eventstore/backup/manifest.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "caseledger/storage/v1/backup.pb.h"
#include "eventstore/backup/durable_file.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kMagic = "caseledgerbackup";
constexpr size_t kHashBytes = 32;
constexpr size_t kNameDigits = 10;
constexpr size_t kMostManifestBytes = 16u << 20;

absl::Status Damaged(std::string_view why) {
  return absl::DataLossError(
      StrCat("the manifest is damaged: ", why, "; this backup cannot be trusted, use another"));
}

absl::Status CheckUnderstood(const storage::v1::BackupManifest& stored) {
  constexpr std::string_view kAdvice =
      "use the program version that made the backup, or a newer one";
  if (stored.format_version() != kBackupFormatVersion) {
    return absl::FailedPreconditionError(StrCat("the backup has format version ",
                                                stored.format_version(), "; this program knows ",
                                                kBackupFormatVersion, ": ", kAdvice));
  }
  for (const storage::v1::BackupPart& part : stored.parts()) {
    if (part.name() == kLogPart) continue;
    return absl::FailedPreconditionError(StrCat("the backup has a part ", part.name(),
                                                ", which this program does not know: ", kAdvice));
  }
  if (stored.parts_size() != 1) return Damaged("it does not name the log once");
  return absl::OkStatus();
}

absl::StatusOr<Hash256> ToHash(const std::string& bytes) {
  if (bytes.size() != kHashBytes) return Damaged("a hash is cut");
  Hash256 hash;
  std::memcpy(hash.bytes.data(), bytes.data(), kHashBytes);
  return hash;
}

absl::StatusOr<BackupLedger> FromStored(const storage::v1::BackupLedger& stored) {
  BackupLedger ledger;
  ledger.ledger = stored.ledger();
  ledger.format_version = stored.format_version();
  ledger.created_at = stored.ledger_created_at_us();
  ledger.head.next_position = stored.next_position();
  ledger.head.last_recorded_at = stored.last_recorded_at_us();
  ASSIGN_OR_RETURN(ledger.head.last_leaf_hash, ToHash(stored.last_leaf_hash()));
  return ledger;
}

absl::StatusOr<BackupPart> FromStored(const storage::v1::BackupPart& stored) {
  BackupPart part{stored.name(), stored.files(), stored.bytes(), {}};
  ASSIGN_OR_RETURN(part.index_hash, ToHash(stored.index_sha256()));
  return part;
}

std::optional<uint64_t> IdOfName(const std::string& name) {
  const bool digits = std::all_of(name.begin(), name.end(),
                                  [](unsigned char character) { return std::isdigit(character); });
  if (!digits || name.size() != kNameDigits) return std::nullopt;
  uint64_t id = 0;
  std::from_chars(name.data(), name.data() + name.size(), id);
  return id;
}

}  // namespace

std::string EncodeManifest(const BackupManifest& manifest) {
  storage::v1::BackupManifest stored;
  stored.set_format_version(kBackupFormatVersion);
  stored.set_backup_id(manifest.id);
  stored.set_created_at_us(manifest.created_at);
  for (const BackupLedger& ledger : manifest.ledgers) {
    storage::v1::BackupLedger& added = *stored.add_ledgers();
    added.set_ledger(ledger.ledger);
    added.set_format_version(ledger.format_version);
    added.set_ledger_created_at_us(ledger.created_at);
    added.set_next_position(ledger.head.next_position);
    added.set_last_recorded_at_us(ledger.head.last_recorded_at);
    added.set_last_leaf_hash(std::string(ledger.head.last_leaf_hash.raw()));
  }
  for (const BackupPart& part : manifest.parts) {
    storage::v1::BackupPart& added = *stored.add_parts();
    added.set_name(part.name);
    added.set_files(part.files);
    added.set_bytes(part.bytes);
    added.set_index_sha256(std::string(part.index_hash.raw()));
  }
  const std::string body = stored.SerializeAsString();
  return StrCat(kMagic, Sha256({body}).raw(), body);
}

absl::StatusOr<BackupManifest> DecodeManifest(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Damaged("it does not begin as one");
  bytes.remove_prefix(kMagic.size());
  if (bytes.size() < kHashBytes) return Damaged("it is cut");
  const std::string_view body = bytes.substr(kHashBytes);
  if (Sha256({body}).raw() != bytes.substr(0, kHashBytes)) {
    return Damaged("its bytes are not those that were written");
  }
  storage::v1::BackupManifest stored;
  if (!stored.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Damaged("it is not readable");
  }
  RETURN_IF_ERROR(CheckUnderstood(stored));
  BackupManifest manifest;
  manifest.id = stored.backup_id();
  manifest.created_at = stored.created_at_us();
  for (const storage::v1::BackupLedger& ledger : stored.ledgers()) {
    ASSIGN_OR_RETURN(BackupLedger decoded, FromStored(ledger));
    manifest.ledgers.push_back(std::move(decoded));
  }
  for (const storage::v1::BackupPart& part : stored.parts()) {
    ASSIGN_OR_RETURN(BackupPart decoded, FromStored(part));
    manifest.parts.push_back(std::move(decoded));
  }
  return manifest;
}

ManifestStore::ManifestStore(const std::string& backup_directory)
    : directory_(backup_directory + "/manifests") {}

absl::StatusOr<std::vector<ListedBackup>> ManifestStore::List() const {
  std::vector<uint64_t> ids;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    if (const auto id = IdOfName(at->path().filename().string())) ids.push_back(*id);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return absl::UnavailableError(StrCat("cannot read ", directory_, ": ", error.message()));
  }
  std::sort(ids.begin(), ids.end());
  std::vector<ListedBackup> backups;
  for (const uint64_t id : ids) {
    ListedBackup backup{id, Read(id)};
    // Removed between the two: it is none any more.
    if (!absl::IsNotFound(backup.manifest.status())) backups.push_back(std::move(backup));
  }
  return backups;
}

absl::StatusOr<BackupManifest> ManifestStore::Find(uint64_t id) const {
  if (id != 0) return Read(id);
  ASSIGN_OR_RETURN(const std::vector<ListedBackup> all, List());
  if (all.empty()) return absl::NotFoundError(StrCat("there is no backup in ", directory_));
  return all.back().manifest;
}

absl::Status ManifestStore::Add(const BackupManifest& manifest) const {
  RETURN_IF_ERROR(MakeDirectoryDurably(directory_));
  return WriteFileDurably(PathOf(manifest.id), EncodeManifest(manifest));
}

absl::Status ManifestStore::Remove(uint64_t id) const {
  std::error_code error;
  std::filesystem::remove(PathOf(id), error);
  if (error) {
    return absl::UnavailableError(StrCat("cannot remove ", PathOf(id), ": ", error.message()));
  }
  return SyncDirectory(directory_);
}

std::string ManifestStore::PathOf(uint64_t id) const {
  return StrCat(directory_, "/", absl::StrFormat("%0*d", static_cast<int>(kNameDigits), id));
}

absl::StatusOr<BackupManifest> ManifestStore::Read(uint64_t id) const {
  const absl::StatusOr<std::string> bytes = ReadSmallFile(PathOf(id), kMostManifestBytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(StrCat("there is no backup ", id, " in ", directory_,
                                      "; `caseledger backup list` shows those that are"));
  }
  if (absl::IsResourceExhausted(bytes.status())) return Damaged("it is too long");
  RETURN_IF_ERROR(bytes.status());
  ASSIGN_OR_RETURN(BackupManifest manifest, DecodeManifest(*bytes));
  if (manifest.id != id) return Damaged("it is that of another backup");
  return manifest;
}

}  // namespace caseledger::eventstore
