#include "eventstore/vault/backup/backup_file.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

using storage::v1::VaultBackupEnd;
using storage::v1::VaultBackupFrame;
using storage::v1::VaultBackupHeader;
using storage::v1::VaultBackupRow;

constexpr std::string_view kMagic = "caseledger-vault";
constexpr size_t kLengthBytes = sizeof(uint32_t);
constexpr size_t kHashBytes = sizeof(Hash256::bytes);
// Of a frame of rows; one row may be longer.
constexpr size_t kFrameBytes = 64u << 10;
constexpr size_t kMostFrameBytes = 4u << 20;

absl::Status Damaged(std::string_view why) {
  return absl::DataLossError(StrCat("the backup is damaged: ", why, "; use another"));
}

bool IsWrappingKey(std::string_view row) { return row.starts_with(VaultRows::AllWrapping()); }

// One run of ReadVaultBackup.
class Reading {
 public:
  Reading(BackupFolder::Reader& file, OnVaultRow row) : file_(file), row_(row) {}

  absl::StatusOr<VaultBackupInfo> Go() {
    ASSIGN_OR_RETURN(const std::string magic, Exactly(kMagic.size()));
    if (magic != kMagic) return Damaged("it does not begin as one");
    info_.hash = Sha256({kMagic});
    RETURN_IF_ERROR(Next());
    RETURN_IF_ERROR(TakeHeader());
    while (true) {
      RETURN_IF_ERROR(Next());
      if (frame_.has_end()) break;
      if (!frame_.has_rows()) return Damaged("a part is not where it belongs");
      for (const VaultBackupRow& row : frame_.rows().rows()) RETURN_IF_ERROR(TakeRow(row));
    }
    RETURN_IF_ERROR(CheckEnd());
    return std::move(info_);
  }

 private:
  absl::StatusOr<std::string> Exactly(size_t count) {
    ASSIGN_OR_RETURN(std::string bytes, file_.Read(count));
    if (bytes.size() != count) return Damaged("it is cut");
    info_.bytes += count;
    return bytes;
  }

  absl::Status Next() {
    ASSIGN_OR_RETURN(const std::string length, Exactly(kLengthBytes));
    const size_t size = ReadBigEndian<uint32_t>(length);
    if (size > kMostFrameBytes) return Damaged("a part is too long");
    ASSIGN_OR_RETURN(const std::string body, Exactly(size));
    ASSIGN_OR_RETURN(const std::string hash, Exactly(kHashBytes));
    info_.hash = Sha256({info_.hash.raw(), length, body});
    if (info_.hash.raw() != hash) return Damaged("its bytes are not those that were written");
    if (!frame_.ParseFromString(body)) return Damaged("a part is not readable");
    return absl::OkStatus();
  }

  absl::Status TakeHeader() {
    if (!frame_.has_header()) return Damaged("it has no header");
    const VaultBackupHeader& header = frame_.header();
    if (header.format_version() != kVaultBackupFormatVersion) {
      return absl::FailedPreconditionError(
          StrCat("the backup has format version ", header.format_version(), "; this program knows ",
                 kVaultBackupFormatVersion,
                 ": use the program version that made the backup, or a newer one"));
    }
    const auto vault_id = Uuid::FromBytes(header.vault_id());
    if (!vault_id.has_value()) return Damaged("it does not say of which vault it is");
    info_.id = header.backup_id();
    info_.vault_id = *vault_id;
    info_.created_at = header.created_at_us();
    return absl::OkStatus();
  }

  absl::Status TakeRow(const VaultBackupRow& row) {
    if (info_.rows > 0 && row.key() <= last_key_) return Damaged("its rows are not in order");
    last_key_ = row.key();
    ++info_.rows;
    if (IsWrappingKey(row.key())) info_.wrapping_key_ids.push_back(VaultRows::IdIn(row.key()));
    if (row_(row.key(), row.value())) return absl::OkStatus();
    return absl::CancelledError("reading the backup was stopped");
  }

  absl::Status CheckEnd() {
    const VaultBackupEnd& end = frame_.end();
    const auto same = [](const std::string& id, const Uuid& found) { return id == found.raw(); };
    if (end.row_count() != info_.rows ||
        !std::equal(end.wrapping_key_ids().begin(), end.wrapping_key_ids().end(),
                    info_.wrapping_key_ids.begin(), info_.wrapping_key_ids.end(), same)) {
      return Damaged("it does not hold what its end says");
    }
    ASSIGN_OR_RETURN(const std::string more, file_.Read(1));
    return more.empty() ? absl::OkStatus() : Damaged("something comes after its end");
  }

  BackupFolder::Reader& file_;
  const OnVaultRow row_;
  VaultBackupInfo info_;
  VaultBackupFrame frame_;
  std::string last_key_;
};

}  // namespace

absl::Status VaultBackupWriter::Begin(uint64_t id, const Uuid& vault_id, Micros created_at) {
  info_ = {};
  info_.id = id;
  info_.vault_id = vault_id;
  info_.created_at = created_at;
  info_.hash = Sha256({kMagic});
  RETURN_IF_ERROR(file_.Append(kMagic));
  info_.bytes = kMagic.size();
  VaultBackupFrame frame;
  VaultBackupHeader& header = *frame.mutable_header();
  header.set_format_version(kVaultBackupFormatVersion);
  header.set_backup_id(id);
  header.set_vault_id(std::string(vault_id.raw()));
  header.set_created_at_us(created_at);
  return Put(frame);
}

absl::Status VaultBackupWriter::Add(std::string_view key, std::string_view value) {
  if (rows_bytes_ > 0 && rows_bytes_ + key.size() + value.size() > kFrameBytes) {
    RETURN_IF_ERROR(PutRows());
  }
  VaultBackupRow& row = *rows_.mutable_rows()->add_rows();
  row.set_key(std::string(key));
  row.set_value(std::string(value));
  rows_bytes_ += key.size() + value.size();
  ++info_.rows;
  if (IsWrappingKey(key)) info_.wrapping_key_ids.push_back(VaultRows::IdIn(key));
  return absl::OkStatus();
}

absl::StatusOr<VaultBackupInfo> VaultBackupWriter::End() {
  RETURN_IF_ERROR(PutRows());
  VaultBackupFrame frame;
  VaultBackupEnd& end = *frame.mutable_end();
  end.set_row_count(info_.rows);
  for (const Uuid& id : info_.wrapping_key_ids) end.add_wrapping_key_ids(std::string(id.raw()));
  RETURN_IF_ERROR(Put(frame));
  RETURN_IF_ERROR(file_.Sync());
  return info_;
}

absl::Status VaultBackupWriter::PutRows() {
  if (rows_bytes_ == 0) return absl::OkStatus();
  RETURN_IF_ERROR(Put(rows_));
  rows_.Clear();
  rows_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status VaultBackupWriter::Put(const VaultBackupFrame& frame) {
  const std::string body = frame.SerializeAsString();
  if (body.size() > kMostFrameBytes) {
    return absl::ResourceExhaustedError("a row of the vault is too long for a backup");
  }
  std::string bytes;
  AppendBigEndian(bytes, static_cast<uint32_t>(body.size()));
  bytes += body;
  info_.hash = Sha256({info_.hash.raw(), bytes});
  bytes += info_.hash.raw();
  info_.bytes += bytes.size();
  return file_.Append(bytes);
}

absl::StatusOr<VaultBackupInfo> ReadVaultBackup(BackupFolder::Reader& file, OnVaultRow row) {
  return Reading(file, row).Go();
}

}  // namespace caseledger::eventstore
