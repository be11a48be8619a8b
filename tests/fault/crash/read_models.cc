#include "tests/fault/crash/read_models.h"

#include <string_view>

#include "caseledger/v1/admin.pb.h"
#include "gtest/gtest.h"
#include "projections/read_model/rocksdb/rocksdb_read_models.h"

namespace caseledger::testing {
namespace {

// Not projections' rows: which tables are live, and the commands' own cache.
bool IsProjection(std::string_view table) {
  return table != "live-tables" && !table.starts_with("snapshots@");
}

StoredTable ReadTable(projections::ReadModelStore& store, const std::string& ledger,
                      const std::string& name) {
  StoredTable read;
  const auto table = store.OpenTable(ledger, name);
  EXPECT_TRUE(table.ok()) << table.status();
  if (!table.ok()) return read;
  const auto snapshot = (*table)->Snapshot();
  read.applied_events = snapshot->applied_events();
  const absl::Status status =
      snapshot->Scan("", "", [&](std::string_view key, std::string_view value) {
        read.rows.emplace_back(key, value);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  return read;
}

}  // namespace

std::map<std::string, StoredTable> ReadTables(const std::string& data_dir,
                                              const std::string& ledger) {
  std::map<std::string, StoredTable> tables;
  const auto store =
      projections::OpenRocksDbReadModels({.path = data_dir + "/read-models", .env = nullptr});
  EXPECT_TRUE(store.ok()) << store.status();
  if (!store.ok()) return tables;
  const auto names = (*store)->ListTables(ledger);
  EXPECT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) {
    if (IsProjection(name)) tables[name] = ReadTable(**store, ledger, name);
  }
  EXPECT_TRUE((*store)->Close().ok());
  return tables;
}

void CheckResumed(const Client& client, const std::map<std::string, StoredTable>& killed) {
  const auto answer = client.Call<v1::ListProjectionsResponse>("AdminService/ListProjections",
                                                               v1::ListProjectionsRequest());
  ASSERT_TRUE(answer.ok()) << answer.status.error_message();
  for (const v1::ProjectionStatus& projection : answer.value.projections()) {
    const auto table = killed.find(projection.name());
    if (table == killed.end()) continue;
    EXPECT_GE(projection.applied_events(), table->second.applied_events) << projection.name();
    EXPECT_LE(table->second.applied_events, answer.value.event_count())
        << projection.name() << " shows events that the ledger does not have";
  }
}

}  // namespace caseledger::testing
