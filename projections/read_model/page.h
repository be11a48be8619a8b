// Pages of a list: sizes and opaque tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace caseledger::projections {

inline constexpr size_t kDefaultPageSize = 50;
inline constexpr size_t kMaxPageSize = 1000;

// Rows of a page: 0 means the default, more than the maximum means the maximum. INVALID_ARGUMENT
// when negative.
absl::StatusOr<size_t> PageSize(int64_t asked);

// Where a list goes on.
struct PagePoint {
  uint64_t as_of_events = 0;  // the first page's, so that all pages tell of the same moment
  std::string after_key;      // key of the last row given
};

// A token for `point` that is good for this question only. `question` spells out everything but the
// page: filters and the as-of asked for. Keys hold ids and times, never personal data.
std::string MakePageToken(std::string_view question, const PagePoint& point);

// INVALID_ARGUMENT when it is not a token of MakePageToken or belongs to another question.
absl::StatusOr<PagePoint> ReadPageToken(std::string_view question, std::string_view token);

}  // namespace caseledger::projections
