// The list of cases, newest opened first, readable as of any position.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"
#include "projections/read_model/versioned_rows.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kCaseListName = "case-list";

// One case. Holds nothing personal.
struct CaseRow {
  Uuid case_id;
  std::string external_ref;  // `SOURCE/VALUE`, or empty
  std::string case_type;
  std::vector<std::string> concerns;
  std::string owner_agency_id;
  std::string owner_worker_id;
  std::string phase;  // `open`, `closed` or `transferred`
  std::string risk;   // newest in time: `low`, `medium`, `high`, `critical`, or empty
  std::string unit_code;
  Micros opened_at = 0;             // first
  std::optional<Micros> closed_at;  // when it is closed
  uint32_t client_count = 0;        // participants who are clients now
  uint64_t revision = 0;            // of the case's newest event

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(case_id, external_ref, case_type, concerns, owner_agency_id, owner_worker_id, phase,
            risk, unit_code, opened_at, closed_at, client_count, revision);
  }
};

// A new version of a case's row with each event of the case.
std::unique_ptr<Projection> MakeCaseList();

// Which case comes first; of equal ones the newest opened, then by id.
enum class CaseOrder {
  kNewestOpened,
  kOldestOpened,
  kHighestRisk,   // those without one last
  kNewestClosed,  // those that are not closed last
};

struct CaseListQuery {
  std::string owner_agency_id{};  // "": any
  std::string owner_worker_id{};  // "": any; only with the agency that knows them by this name
  std::string phase{};            // "": any
  std::string case_type{};        // "": any
  CaseOrder order = CaseOrder::kNewestOpened;
  int64_t page_size = 0;     // 0: 50; at most 1000
  std::string page_token{};  // of the answer before, to the same filters and as-of
  uint64_t as_of_events = kLatest;
  SortMemo memo{};
};

struct CaseListPage {
  std::vector<CaseRow> cases;
  std::string next_page_token;    // "" at the end
  uint64_t reflected_events = 0;  // the first page's for all pages
};

// Looks only at cases that fit, whichever of the filters are set.
//
// INVALID_ARGUMENT     page size or token; a worker without their agency
// FAILED_PRECONDITION  SORT_NEEDS_FILTER
// OUT_OF_RANGE         as of more events than the snapshot reflects
// DATA_LOSS            damaged rows
absl::StatusOr<CaseListPage> ListCases(const ReadSnapshot& snapshot, const CaseListQuery& query);

}  // namespace caseledger::projections
