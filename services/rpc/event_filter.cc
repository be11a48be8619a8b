#include "services/rpc/event_filter.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "eventstore/base/strings.h"
#include "services/commands/validation.h"

namespace caseledger::rpc {
namespace {

constexpr size_t kUuidChars = 36;

// `case_record` for RECORD_KIND_CASE_RECORD.
std::optional<uint32_t> KindOf(std::string_view name) {
  std::string full = "RECORD_KIND_";
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') return std::nullopt;
    full.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  options::v1::RecordKind kind{};
  if (!options::v1::RecordKind_Parse(full, &kind) || kind == options::v1::RECORD_KIND_UNSPECIFIED) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(kind);
}

bool IsBeginningOfUuid(std::string_view text) {
  if (text.size() > kUuidChars) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<EventFilter> EventFilter::Of(const v1::SubscribeRequest& request) {
  EventFilter filter;
  std::vector<commands::Violation> violations;
  for (int i = 0; i < request.fact_names_size(); ++i) {
    const auto* field = event::v1::Fact::descriptor()->FindFieldByName(request.fact_names(i));
    if (field == nullptr) {
      violations.push_back({StrCat("fact_names[", i, "]"), "is no fact this server knows"});
    } else {
      filter.fact_types_.insert(static_cast<uint32_t>(field->number()));
    }
  }
  for (int i = 0; i < request.stream_prefixes_size(); ++i) {
    const std::string& prefix = request.stream_prefixes(i);
    const size_t slash = std::min(prefix.find('/'), prefix.size());
    const std::optional<uint32_t> kind = KindOf(std::string_view(prefix).substr(0, slash));
    std::string id = slash < prefix.size() ? prefix.substr(slash + 1) : "";
    if (!kind || slash == prefix.size() || !IsBeginningOfUuid(id)) {
      violations.push_back({StrCat("stream_prefixes[", i, "]"),
                            "must be a kind of record, a slash and how its UUID begins, such as "
                            "`case_record/` or `case_record/018d2f4e-`, in lower case"});
    } else {
      filter.streams_.push_back({*kind, std::move(id)});
    }
  }
  if (!violations.empty()) return commands::InvalidRequest(violations);
  return filter;
}

bool EventFilter::Wants(const eventstore::RecordedEvent& event) const {
  if (!fact_types_.empty() && !fact_types_.contains(event.fact_type)) return false;
  if (streams_.empty()) return true;
  const auto id = event.stream.id.ToChars();
  return std::any_of(streams_.begin(), streams_.end(), [&](const StreamPrefix& prefix) {
    return prefix.kind == event.stream.kind &&
           std::string_view(id.data(), id.size()).starts_with(prefix.id);
  });
}

}  // namespace caseledger::rpc
