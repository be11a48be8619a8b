// One backup of the vault as a file: all of its rows, whatever store they come from or go to.
//
// Format 1
//   16 bytes `caseledger-vault`
//   frames: 4 bytes length of the body, big-endian; the body, a storage.v1.VaultBackupFrame;
//           32 bytes SHA-256 over the hash before (at first over the 16 bytes), length and body
// The first frame is the header, the last one the end, and nothing comes after it. Each hash
// commits to all before it, so the last one is the backup's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/vault_backup.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"
#include "eventstore/vault/backup/backup_folder.h"

namespace caseledger::eventstore {

inline constexpr uint32_t kVaultBackupFormatVersion = 1;

// What a backup says of itself.
struct VaultBackupInfo {
  uint64_t id = 0;  // its number in the directory
  Micros created_at = 0;
  Uuid vault_id;
  uint64_t rows = 0;
  uint64_t bytes = 0;  // of the file
  std::vector<Uuid> wrapping_key_ids;
  Hash256 hash;

  friend bool operator==(const VaultBackupInfo&, const VaultBackupInfo&) = default;
};

// Hears of a row; false ends the visit with CANCELLED.
using OnVaultRow = absl::FunctionRef<bool(std::string_view key, std::string_view value)>;

// Writes one file. Not thread-safe.
class VaultBackupWriter {
 public:
  explicit VaultBackupWriter(BackupFolder::Writer& file) : file_(file) {}

  // In this order: Begin, Add for each row by key, End. UNAVAILABLE when the file does not take it,
  // RESOURCE_EXHAUSTED for a row that no reader would take.
  absl::Status Begin(uint64_t id, const Uuid& vault_id, Micros created_at);
  absl::Status Add(std::string_view key, std::string_view value);
  // Durable on OK.
  absl::StatusOr<VaultBackupInfo> End();

 private:
  absl::Status Put(const storage::v1::VaultBackupFrame& frame);
  absl::Status PutRows();

  BackupFolder::Writer& file_;
  VaultBackupInfo info_;
  storage::v1::VaultBackupFrame rows_;
  size_t rows_bytes_ = 0;
};

// Reads a file through and shows its rows, each after it was checked; what is wrong with a later
// part is told at the end.
//
// DATA_LOSS            cut, changed, or no backup of a vault
// FAILED_PRECONDITION  of a newer program
// CANCELLED            `row` said so
// UNAVAILABLE          the file cannot be read
absl::StatusOr<VaultBackupInfo> ReadVaultBackup(BackupFolder::Reader& file, OnVaultRow row);

}  // namespace caseledger::eventstore
