// Pages of lists of which a caller may see some rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status_macros.h"

namespace caseledger::rpc {

// A list looks at so many rows for one page, whoever may see few of them; the next page goes on.
inline constexpr size_t kMostRowsLookedAt = 5000;
inline constexpr int64_t kMostRowsCounted = 1000;
inline constexpr int64_t kStandardRows = 50;  // of a page that asks for 0

// Rows that the caller may not see leave no gap: the page is filled up, as long as that takes few
// rows. `read` gives the next rows for the page size and token of `paging`, with a
// `next_page_token` and `reflected_events`; `show` shows those of them that may be shown, and says
// how many these are.
template <typename Rows, typename Paging, typename Response>
absl::Status FillPage(
    Paging paging,
    absl::FunctionRef<absl::StatusOr<Rows>(const std::type_identity_t<Paging>&)> read,
    absl::FunctionRef<absl::StatusOr<size_t>(const Rows&)> show, Response& response) {
  const auto wanted = static_cast<size_t>(paging.page_size == 0 ? kStandardRows : paging.page_size);
  size_t shown = 0;
  size_t looked_at = 0;
  do {
    paging.page_size = static_cast<int64_t>(wanted - shown);
    ASSIGN_OR_RETURN(const Rows rows, read(paging));
    ASSIGN_OR_RETURN(const size_t visible, show(rows));
    shown += visible;
    looked_at += static_cast<size_t>(paging.page_size);
    paging.page_token = rows.next_page_token;
    response.set_reflected_events(rows.reflected_events);
  } while (!paging.page_token.empty() && shown < wanted && looked_at < kMostRowsLookedAt);
  response.set_next_page_token(std::move(paging.page_token));
  return absl::OkStatus();
}

// Counts the rows of all pages of which `visible` says that the caller may see them, if the request
// asks for that.
template <typename Rows, typename Paging, typename Request, typename Row, typename Response>
absl::Status CountTotal(
    const Request& request, Paging paging,
    absl::FunctionRef<absl::StatusOr<Rows>(const std::type_identity_t<Paging>&)> read,
    std::vector<Row> Rows::*rows,
    absl::FunctionRef<absl::StatusOr<bool>(const std::type_identity_t<Row>&)> visible,
    Response& response) {
  if (!request.count_total()) return absl::OkStatus();
  paging.page_size = kMostRowsCounted;
  paging.page_token.clear();
  ASSIGN_OR_RETURN(const Rows first, read(paging));
  uint64_t total = 0;
  for (const Row& row : first.*rows) {
    ASSIGN_OR_RETURN(const bool counts, visible(row));
    if (counts) ++total;
  }
  response.set_total_size(total);
  response.set_total_is_partial(!first.next_page_token.empty());
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
