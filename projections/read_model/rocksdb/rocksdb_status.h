// RocksDB's bytes and statuses as ours.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"

namespace caseledger::projections {

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view FromSlice(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

inline absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = StrCat("read models: ", status.ToString());
  if (status.IsCorruption()) {
    return absl::DataLossError(StrCat(text, " (safe to delete: they are rebuilt from the log)"));
  }
  if (status.IsIOError() || status.IsBusy() || status.IsShutdownInProgress()) {
    return absl::UnavailableError(text);
  }
  return absl::InternalError(text);
}

}  // namespace caseledger::projections
