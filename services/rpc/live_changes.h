// What must be told to somebody who knows an answer as it was, so that they know it as it is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "caseledger/v1/dashboard.pb.h"
#include "eventstore/base/hash.h"
#include "eventstore/event.h"

namespace caseledger::rpc {

// A row of an answer.
struct LiveRow {
  v1::PanelRow shown;                          // `place` is set by ToldRows
  std::optional<eventstore::StreamId> record;  // whose it is; none: of figures
};

// The answer to a question, in rows.
struct LiveAnswer {
  std::vector<LiveRow> rows;
  bool more = false;
  std::optional<v1::RunReportResponse> report;  // of a report: all but its rows
  uint64_t reflected_events = 0;
};

// What a reader was told of one answer. Keeps of each row 32 bytes and its key. Not thread-safe.
class ToldRows {
 public:
  // What an answer says that was not told.
  struct News;

  // The difference of an answer to what was told. Rows of one key are told apart by their order.
  News Compare(LiveAnswer answer) const;

 private:
  struct Told {
    Hash256 content;
    size_t place;
  };

  absl::flat_hash_map<std::string, Told> rows_;
  Hash256 rest_;  // of what is not in rows
  bool begun_ = false;
};

struct ToldRows::News {
  v1::PanelChange change;
  bool anything = false;                      // something changed
  std::vector<eventstore::StreamId> records;  // whose rows are in the change
  ToldRows told;                              // once the change has been told
};

}  // namespace caseledger::rpc
