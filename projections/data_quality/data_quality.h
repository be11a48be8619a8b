// Facts that need a second look, as the server said when it took them, until they are corrected.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kDataQualityName = "data-quality";

// One fact. Holds nothing personal.
struct Finding {
  Uuid event_id;          // what to correct: the event at fault, not a correction of it
  uint64_t position = 0;  // of the event that says so: the same, or its newest correction
  uint32_t record_kind = 0;
  Uuid record_id;
  uint32_t fact_type = 0;          // of the fact at fault
  std::vector<std::string> flags;  // such as `UNKNOWN_CODE:case_type`; sorted, each once
  std::string agency;              // that recorded it, or for which it was imported
  std::string actor;               // who
  Micros recorded_at = 0;
  std::string source_file;  // of an import
  std::string source_row;   // the same

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(event_id, position, record_kind, record_id, fact_type, flags, agency, actor,
            recorded_at, source_file, source_row);
  }
};

std::unique_ptr<Projection> MakeDataQuality();

struct FindingQuery {
  bool oldest_first = false;
  std::string agency{};      // "": any
  std::string flag{};        // "": any
  int64_t page_size = 0;     // 0: 50; at most 1000
  std::string page_token{};  // of the answer before, to the same filters
  SortMemo memo{};
};

struct FindingPage {
  std::vector<Finding> findings;  // newest first unless asked for otherwise
  std::string next_page_token;    // "" at the end
  uint64_t reflected_events = 0;
};

// INVALID_ARGUMENT     page size or token
// FAILED_PRECONDITION  SORT_NEEDS_FILTER
// DATA_LOSS            damaged rows
absl::StatusOr<FindingPage> ListFindings(const ReadSnapshot& snapshot, const FindingQuery& query);

}  // namespace caseledger::projections
