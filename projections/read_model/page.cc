#include "projections/read_model/page.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/keys.h"

namespace caseledger::projections {
namespace {

constexpr std::string_view kTokenFormat = "1";
constexpr size_t kQuestionBytes = 12;  // of the question's hash
constexpr size_t kNumberBytes = 8;

std::string QuestionMark(std::string_view question) {
  return std::string(Sha256({"page token", question}).raw().substr(0, kQuestionBytes));
}

}  // namespace

absl::StatusOr<size_t> PageSize(int64_t asked) {
  if (asked < 0) return absl::InvalidArgumentError("the page size is negative");
  if (asked == 0) return kDefaultPageSize;
  return std::min(static_cast<size_t>(asked), kMaxPageSize);
}

std::string MakePageToken(std::string_view question, const PagePoint& point) {
  const std::string raw = KeyBuilder()
                              .Raw(kTokenFormat)
                              .Raw(QuestionMark(question))
                              .Number(point.as_of_events)
                              .Raw(point.after_key)
                              .Take();
  return absl::WebSafeBase64Escape(raw);
}

absl::StatusOr<PagePoint> ReadPageToken(std::string_view question, std::string_view token) {
  std::string raw;
  const std::string begin = StrCat(kTokenFormat, QuestionMark(question));
  if (!absl::WebSafeBase64Unescape(ToAbsl(token), &raw) ||
      raw.size() < begin.size() + kNumberBytes ||
      raw.substr(0, kTokenFormat.size()) != kTokenFormat) {
    return absl::InvalidArgumentError("the page token is not one of this server");
  }
  if (!raw.starts_with(begin)) {
    return absl::InvalidArgumentError("the page token belongs to another question");
  }
  const std::string_view rest = std::string_view(raw).substr(begin.size());
  return PagePoint{KeyReader(rest).Number(), std::string(rest.substr(kNumberBytes))};
}

}  // namespace caseledger::projections
