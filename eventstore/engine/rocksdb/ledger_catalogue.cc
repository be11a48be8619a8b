#include "eventstore/engine/rocksdb/ledger_catalogue.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/engine/rocksdb/storage_status.h"
#include "eventstore/engine/rocksdb/tuning.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::StatusOr<storage::v1::LedgerInfo> DecodeInfo(std::string_view key, std::string_view value) {
  const std::optional<KeyParts> parts = DecodeKey(key);
  if (!parts) return Damaged("(unknown)", "its info key is not readable");
  storage::v1::LedgerInfo info;
  if (!info.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      info.ledger() != parts->ledger) {
    return Damaged(parts->ledger, "its info is not readable");
  }
  return info;
}

}  // namespace

absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ReadLedgerInfos(rocksdb::DB& db) {
  std::vector<storage::v1::LedgerInfo> infos;
  const std::unique_ptr<rocksdb::Iterator> iterator(db.NewIterator(PointRead()));
  const std::string prefix = LedgerInfoPrefix();
  for (iterator->Seek(prefix); iterator->Valid(); iterator->Next()) {
    if (!View(iterator->key()).starts_with(prefix)) break;
    ASSIGN_OR_RETURN(storage::v1::LedgerInfo info,
                     DecodeInfo(View(iterator->key()), View(iterator->value())));
    infos.push_back(std::move(info));
  }
  if (!iterator->status().ok()) return ReadFailure(iterator->status(), "the list of ledgers");
  std::sort(infos.begin(), infos.end(),
            [](const auto& a, const auto& b) { return a.ledger() < b.ledger(); });
  return infos;
}

}  // namespace caseledger::eventstore::rocksdb_engine
