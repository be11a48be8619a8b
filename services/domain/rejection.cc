#include "services/domain/rejection.h"

#include <string>

#include "absl/strings/cord.h"

namespace caseledger::domain {
namespace {

constexpr char kReasonUrl[] = "caseledger/reason";
constexpr char kItemUrl[] = "caseledger/item";

}  // namespace

const std::vector<ReasonText>& AllReasons() {
  static const auto* reasons = new std::vector<ReasonText>{
#define CASELEDGER_REASON(name, code, id, vi, en) \
  {Reason::name, absl::StatusCode::code, id, vi, en},
#include "services/domain/reasons/all.inc"
#undef CASELEDGER_REASON
  };
  return *reasons;
}

const ReasonText& TextOf(Reason reason) { return AllReasons()[static_cast<size_t>(reason)]; }

absl::Status Reject(Reason reason, std::string_view item) {
  const ReasonText& text = TextOf(reason);
  std::string message(text.id);
  message.append(": ").append(text.en);
  if (!item.empty()) message.append(" [").append(item).append("]");
  absl::Status status(text.code, message);
  status.SetPayload(kReasonUrl, absl::Cord(std::string(text.id)));
  if (!item.empty()) status.SetPayload(kItemUrl, absl::Cord(std::string(item)));
  return status;
}

std::optional<Reason> ReasonOf(const absl::Status& status) {
  const auto id = status.GetPayload(kReasonUrl);
  if (!id.has_value()) return std::nullopt;
  const std::string name(*id);
  for (const ReasonText& text : AllReasons()) {
    if (name == text.id) return text.reason;
  }
  return std::nullopt;
}

std::string ItemOf(const absl::Status& status) {
  const auto item = status.GetPayload(kItemUrl);
  return item.has_value() ? std::string(*item) : std::string();
}

}  // namespace caseledger::domain
