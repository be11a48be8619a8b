#include "services/app/cli/print/event_text.h"

#include <fmt/format.h>

#include "services/app/cli/import/ids.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

std::string PrecisionText(event::v1::TimePrecision precision) {
  constexpr std::string_view kPrefix = "TIME_PRECISION_";
  if (precision <= event::v1::TIME_PRECISION_SECOND) return "";
  return " (precision " + event::v1::TimePrecision_Name(precision).substr(kPrefix.size()) + ")";
}

bool IsEmpty(const Json& value) {
  return value.is_null() || (value.is_string() && value.get<std::string>().empty()) ||
         ((value.is_array() || value.is_object()) && value.empty());
}

std::string LinesOf(const Json& json, const std::string& indent) {
  std::string text;
  for (const auto& [name, value] : json.items()) {
    if (IsEmpty(value)) continue;
    if (value.is_object()) {
      text += fmt::format("{}{}:\n{}", indent, name, LinesOf(value, indent + "  "));
    } else {
      text += fmt::format("{}{}: {}\n", indent, name,
                          value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return text;
}

}  // namespace

std::string FieldsAsText(const google::protobuf::Message& message, const std::string& indent) {
  return LinesOf(ToJson(message), indent);
}

std::string EventAsText(const v1::RecordedEvent& event) {
  std::string text = fmt::format(
      "#{} rev {} {}  {}{}\n", event.position(), event.revision(), event.fact_name(),
      FormatLocal(FromTimestamp(event.occurred_time())), PrecisionText(event.occurred_precision()));
  text += fmt::format("    {} {}, recorded {} by {} of {}{}\n", KindName(event.record_kind()),
                      event.record_id(), FormatLocal(FromTimestamp(event.recorded_time())),
                      event.actor(), event.agency(),
                      event.on_behalf_of().empty() ? "" : " for " + event.on_behalf_of());
  if (!event.superseded_by_event_id().empty()) {
    text += "    superseded by " + event.superseded_by_event_id() + "\n";
  }
  for (const std::string& reason : event.data_quality())
    text += "    data quality: " + reason + "\n";
  // The fact holds one message under its name, which the first line says already.
  const Json fact = ToJson(event.fact());
  for (const auto& [name, value] : fact.items()) text += LinesOf(value, "    ");
  return text;
}

}  // namespace caseledger::cli
