#include "projections/runtime/tables.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::projections {
namespace {

constexpr std::string_view kPointerTable = "live-tables";
constexpr std::string_view kRebuild = ".rebuild";

}  // namespace

absl::StatusOr<std::unique_ptr<LiveTables>> LiveTables::Open(ReadModelStore& store,
                                                             std::string_view ledger) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadModelTable> pointers,
                   store.OpenTable(ledger, kPointerTable));
  return std::unique_ptr<LiveTables>(new LiveTables(store, ledger, std::move(pointers)));
}

LiveTables::LiveTables(ReadModelStore& store, std::string_view ledger,
                       std::unique_ptr<ReadModelTable> pointers)
    : store_(store), ledger_(ledger), pointers_(std::move(pointers)) {}

absl::StatusOr<std::string> LiveTables::Find(std::string_view projection) const {
  ASSIGN_OR_RETURN(std::optional<std::string> table, pointers_->Snapshot()->Get(projection));
  return std::move(table).value_or("");
}

absl::Status LiveTables::Set(std::string_view projection, std::string_view table) {
  MutexLock lock(&mutex_);
  const std::unique_ptr<ReadModelBatch> batch = pointers_->NewBatch();
  batch->Put(projection, table);
  // Pointers have no position of their own.
  return pointers_->Commit(*batch, 0, 0);
}

absl::StatusOr<std::unique_ptr<ReadModelTable>> LiveTables::OpenTable(std::string_view table) {
  return store_.OpenTable(ledger_, table);
}

absl::Status LiveTables::Drop(std::string_view table) { return store_.DropTable(ledger_, table); }

absl::Status LiveTables::DropOthers(std::string_view projection,
                                    const std::vector<std::string>& keep) {
  ASSIGN_OR_RETURN(const std::vector<std::string> tables, store_.ListTables(ledger_));
  const std::string begin = StrCat(projection, "@");
  for (const std::string& table : tables) {
    if (!table.starts_with(begin)) continue;
    if (std::find(keep.begin(), keep.end(), table) != keep.end()) continue;
    RETURN_IF_ERROR(Drop(table));
  }
  return absl::OkStatus();
}

std::string TableName(std::string_view projection, uint32_t version) {
  return StrCat(projection, "@", version);
}

std::string RebuildTableName(std::string_view table_name, std::string_view live) {
  return live == table_name ? StrCat(table_name, kRebuild) : std::string(table_name);
}

bool IsOfVersion(std::string_view table_name, std::string_view table) {
  return table == table_name || table == StrCat(table_name, kRebuild);
}

}  // namespace caseledger::projections
