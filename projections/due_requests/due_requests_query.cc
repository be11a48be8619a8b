#include <algorithm>
#include <array>
#include <limits>

#include "eventstore/base/status_macros.h"
#include "projections/due_requests/due_requests.h"
#include "projections/due_requests/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/row_page.h"

namespace caseledger::projections {
namespace {

constexpr std::array kStates{kRequestReceived, kRequestAccepted, kErasureDecided, kErasureApproved,
                             kErasureExecuted};

// A state nobody knows would find nothing, and an empty list looks like a true answer.
absl::Status CheckState(const std::string& state) {
  if (state.empty() || std::find(kStates.begin(), kStates.end(), state) != kStates.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "the state must be received, accepted, decided, approved or executed");
}

std::string SpaceOf(const DueRequestQuery& query) {
  return {query.state == kErasureExecuted ? due_requests::kExecutedSpace
                                          : due_requests::kOpenSpace};
}

std::string QuestionOf(const DueRequestQuery& query) {
  return KeyBuilder()
      .Text("due-requests@1")
      .Text(query.state)
      .Text(query.request_kind)
      .Number(static_cast<uint64_t>(query.order))
      .Take();
}

constexpr Micros kLast = std::numeric_limits<Micros>::max();

// Null when the requests lie in the order that is asked for.
SortKey<DueRequest> SortKeyOf(const DueRequestQuery& query) {
  switch (query.order) {
    case DueRequestOrder::kAsListed:
      return nullptr;
    case DueRequestOrder::kFirstDue:
      if (query.state != kErasureExecuted) return nullptr;
      return [](const DueRequest& row) {
        return KeyBuilder().Time(row.DueAt().value_or(kLast)).Take();
      };
    case DueRequestOrder::kFirstReceived:
      return [](const DueRequest& row) {
        return KeyBuilder().Time(row.received_at.value_or(kLast)).Take();
      };
    case DueRequestOrder::kLastReceived:
      return [](const DueRequest& row) {
        return KeyBuilder()
            .TimeDescending(row.received_at.value_or(std::numeric_limits<Micros>::min()))
            .Take();
      };
  }
  return nullptr;
}

bool Matches(const DueRequest& row, const DueRequestQuery& query) {
  return (query.state.empty() || row.state == query.state) &&
         (query.request_kind.empty() || row.request_kind == query.request_kind);
}

}  // namespace

absl::StatusOr<DueRequestPage> ListDueRequests(const ReadSnapshot& snapshot,
                                               const DueRequestQuery& query) {
  RETURN_IF_ERROR(CheckState(query.state));
  const std::string space = SpaceOf(query);
  const auto read = [&](std::string_view,
                        std::string_view value) -> absl::StatusOr<std::optional<DueRequest>> {
    ASSIGN_OR_RETURN(DueRequest row, DecodeRow<DueRequest>(value));
    if (!Matches(row, query)) return std::nullopt;
    return row;
  };
  ASSIGN_OR_RETURN(
      RowPage<DueRequest> page,
      ReadRowPage<DueRequest>(snapshot,
                              {space, EndOfPrefix(space), QuestionOf(query), query.page_size,
                               query.page_token, /*now=*/0, &query.memo},
                              read, SortKeyOf(query)));
  return DueRequestPage{std::move(page.rows), std::move(page.next_page_token),
                        snapshot.applied_events()};
}

}  // namespace caseledger::projections
