#include <algorithm>
#include <array>

#include "eventstore/base/status_macros.h"
#include "projections/due_requests/due_requests.h"
#include "projections/due_requests/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"

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
  return KeyBuilder().Text("due-requests@1").Text(query.state).Text(query.request_kind).Take();
}

absl::StatusOr<std::string> BeginOf(const DueRequestQuery& query) {
  if (query.page_token.empty()) return SpaceOf(query);
  ASSIGN_OR_RETURN(const PagePoint point, ReadPageToken(QuestionOf(query), query.page_token));
  if (!point.after_key.starts_with(SpaceOf(query))) {
    return absl::InvalidArgumentError("the page token belongs to another question");
  }
  return point.after_key + '\0';
}

bool Matches(const DueRequest& row, const DueRequestQuery& query) {
  return (query.state.empty() || row.state == query.state) &&
         (query.request_kind.empty() || row.request_kind == query.request_kind);
}

}  // namespace

absl::StatusOr<DueRequestPage> ListDueRequests(const ReadSnapshot& snapshot,
                                               const DueRequestQuery& query) {
  RETURN_IF_ERROR(CheckState(query.state));
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(query.page_size));
  ASSIGN_OR_RETURN(const std::string begin, BeginOf(query));
  DueRequestPage page;
  page.reflected_events = snapshot.applied_events();
  std::string last_key;
  absl::Status damage;
  RETURN_IF_ERROR(snapshot.Scan(
      begin, EndOfPrefix(SpaceOf(query)), [&](std::string_view key, std::string_view value) {
        absl::StatusOr<DueRequest> row = DecodeRow<DueRequest>(value);
        if (!row.ok()) {
          damage = row.status();
          return false;
        }
        if (!Matches(*row, query)) return true;
        if (page.requests.size() == page_size) {
          page.next_page_token =
              MakePageToken(QuestionOf(query), {page.reflected_events, last_key});
          return false;
        }
        last_key = key;
        page.requests.push_back(*std::move(row));
        return true;
      }));
  RETURN_IF_ERROR(damage);
  return page;
}

}  // namespace caseledger::projections
