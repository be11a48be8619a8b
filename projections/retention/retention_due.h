// Closed cases that the retention rule for their type no longer keeps, by when it ceased to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kRetentionName = "retention";

// Why a person is not to be erased yet.
inline constexpr char kKeptByLegalHold[] = "legal_hold";
inline constexpr char kKeptByOpenCase[] = "open_case";
inline constexpr char kKeptByOtherCase[] = "other_case";

struct DuePerson {
  Uuid person_id;
  std::string kept_by;  // one of the above; "": nothing known here
};

// One case. Holds nothing personal.
struct DueCase {
  Uuid case_id;
  std::string case_type;
  std::string owner_agency_id;
  std::string rule_id;
  Micros closed_at = 0;
  Micros due_at = 0;
  std::vector<std::string> hold_ids;  // in force; any keeps the case
  std::vector<DuePerson> persons;     // whom it names, without those who were erased
};

std::unique_ptr<Projection> MakeRetention();

// Which case comes first; of equal ones the one that was due first.
enum class RetentionOrder { kFirstDue, kLastDue, kFirstClosed, kLastClosed };

struct RetentionQuery {
  RetentionOrder order = RetentionOrder::kFirstDue;
  Micros now = 0;
  std::string case_type{};   // "": any
  bool only_free = false;    // without cases under a legal hold
  int64_t page_size = 0;     // 0: 50; at most 1000
  std::string page_token{};  // of the answer before, to the same filters
  SortMemo memo{};
};

struct RetentionPage {
  std::vector<DueCase> cases;
  std::string next_page_token;  // "" at the end
  uint64_t reflected_events = 0;
};

// INVALID_ARGUMENT     page size or token
// FAILED_PRECONDITION  SORT_NEEDS_FILTER
// DATA_LOSS            damaged rows
absl::StatusOr<RetentionPage> ListRetentionDue(const ReadSnapshot& snapshot,
                                               const RetentionQuery& query);

}  // namespace caseledger::projections
