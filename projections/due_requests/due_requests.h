// What data subjects asked for and the erasures under way, with their legal deadlines, by due time;
// and the erasures that were executed.
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
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kDueRequestsName = "due-requests";

// States of a row.
inline constexpr char kRequestReceived[] = "received";
inline constexpr char kRequestAccepted[] = "accepted";
inline constexpr char kErasureDecided[] = "decided";
inline constexpr char kErasureApproved[] = "approved";
inline constexpr char kErasureExecuted[] = "executed";

struct RequestDeadline {
  std::string deadline_id;
  std::string basis;
  Micros due_at = 0;             // the last moment in which it is met
  std::optional<Micros> met_at;  // met, or no longer running

  bool IsOverdue(Micros now) const { return met_at.value_or(now) > due_at; }

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(deadline_id, basis, due_at, met_at);
  }
};

// One request, or an erasure that nobody asked for. Holds nothing personal.
struct DueRequest {
  Uuid person_id;
  std::string request_id;
  std::string request_kind;
  std::string state;
  std::string asked_by;        // "": nobody
  std::string retention_rule;  // by which the erasure was decided, when nobody asked
  std::string agency_id;       // that took it in, or decided
  std::optional<Micros> received_at;
  std::vector<RequestDeadline> deadlines;  // the first due first
  std::optional<Micros> decided_at;
  std::optional<Micros> approved_at;
  std::optional<Micros> executed_at;

  // When the first deadline that runs is due; nullopt: none runs.
  std::optional<Micros> DueAt() const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(person_id, request_id, request_kind, state, asked_by, retention_rule, agency_id,
            received_at, deadlines, decided_at, approved_at, executed_at);
  }
};

std::unique_ptr<Projection> MakeDueRequests();

// Which request comes first; of equal ones the one that comes first by kAsListed.
enum class DueRequestOrder {
  kAsListed,  // by due time, those without last; executed ones the newest first
  kFirstDue,
  kFirstReceived,  // those that nobody asked for last
  kLastReceived,   // the same
};

struct DueRequestQuery {
  DueRequestOrder order = DueRequestOrder::kAsListed;
  std::string state{};         // "": all that are not at an end
  std::string request_kind{};  // "": any
  int64_t page_size = 0;       // 0: 50; at most 1000
  std::string page_token{};    // of the answer before, to the same filters
  SortMemo memo{};
};

struct DueRequestPage {
  std::vector<DueRequest> requests;
  std::string next_page_token;  // "" at the end
  uint64_t reflected_events = 0;
};

// INVALID_ARGUMENT     page size or token, or no such state
// FAILED_PRECONDITION  SORT_NEEDS_FILTER
// DATA_LOSS            damaged rows
absl::StatusOr<DueRequestPage> ListDueRequests(const ReadSnapshot& snapshot,
                                               const DueRequestQuery& query);

}  // namespace caseledger::projections
