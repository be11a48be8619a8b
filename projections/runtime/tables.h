// Which physical table of a projection is the live one.
//
// A table is called `NAME@VERSION`. A rebuild of the same version goes to `NAME@VERSION.rebuild`
// (or back again, when that one is live). One row per projection in the table `live-tables` says
// which is live; writing that row is the swap.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Thread-safe.
class LiveTables {
 public:
  static absl::StatusOr<std::unique_ptr<LiveTables>> Open(ReadModelStore& store,
                                                          std::string_view ledger);

  // The projection's live table; "" when none has been yet.
  absl::StatusOr<std::string> Find(std::string_view projection) const;
  absl::Status Set(std::string_view projection, std::string_view table);

  absl::StatusOr<std::unique_ptr<ReadModelTable>> OpenTable(std::string_view table);
  absl::Status Drop(std::string_view table);
  // Drops all tables of the projection, of any version, but those named.
  absl::Status DropOthers(std::string_view projection, const std::vector<std::string>& keep);

 private:
  LiveTables(ReadModelStore& store, std::string_view ledger,
             std::unique_ptr<ReadModelTable> pointers);

  ReadModelStore& store_;
  const std::string ledger_;
  Mutex mutex_;  // one batch at a time
  std::unique_ptr<ReadModelTable> pointers_;
};

// `case-list@1`.
std::string TableName(std::string_view projection, uint32_t version);
// Where a rebuild goes while `live` is the live table of that version.
std::string RebuildTableName(std::string_view table_name, std::string_view live);
// Whether `table` holds rows of that version, rebuilt or not.
bool IsOfVersion(std::string_view table_name, std::string_view table);

}  // namespace caseledger::projections
