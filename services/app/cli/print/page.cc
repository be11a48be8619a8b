#include "services/app/cli/print/page.h"

#include <fmt/format.h>

#include "absl/time/time.h"
#include "services/app/cli/text/time_text.h"
#include "services/app/cli/text/utf8.h"

namespace caseledger::cli {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
@page { size: A4; margin: 18mm 16mm; @bottom-right { content: counter(page) " / " counter(pages); } }
body { font-family: "Noto Sans", "DejaVu Sans", Arial, sans-serif; font-size: 10.5pt;
  line-height: 1.4; color: #111; max-width: 60em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0 0 .2em; }
h2 { font-size: 1.05em; margin: 0 0 .3em; break-after: avoid; }
h2 code { font-weight: normal; color: #555; }
.about, .event { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: normal; color: #555; width: 15em; vertical-align: top; }
td { vertical-align: top; overflow-wrap: anywhere; white-space: pre-wrap; }
th, td { padding: .1em .6em .1em 0; }
section { border-top: 1px solid #bbb; padding: .7em 0; break-inside: avoid; }
.superseded h2 { text-decoration: line-through; }
.note { background: #f4f1e6; padding: .5em .8em; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
</style>
)";

std::string TimeText(Micros time, const char* format) {
  const auto seconds = static_cast<int>(kZoneOffset / kMicrosPerSecond);
  return absl::FormatTime(format, absl::FromUnixMicros(time), absl::FixedTimeZone(seconds));
}

}  // namespace

std::string PageBegin(std::string_view title, std::string_view heading) {
  return fmt::format("{}<title>{}</title>\n</head>\n<body>\n<h1>{}</h1>\n", kHead, Escaped(title),
                     Escaped(heading));
}

std::string PageEnd() { return "</body>\n</html>\n"; }

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : Visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string PageRow(std::string_view heading, std::string_view value) {
  if (value.empty()) return "";
  return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", Escaped(heading), Escaped(value));
}

std::string PageKindName(options::v1::RecordKind kind) {
  switch (static_cast<int>(kind)) {
    case options::v1::RECORD_KIND_CONTACT:
      return "Liên hệ / Contact";
    case options::v1::RECORD_KIND_PERSON:
      return "Hồ sơ cá nhân / Person";
    case options::v1::RECORD_KIND_CASE_RECORD:
      return "Hồ sơ vụ việc / Case";
    case options::v1::RECORD_KIND_SHELTER:
      return "Nhà tạm lánh / Shelter";
    default:
      return options::v1::RecordKind_Name(kind);
  }
}

std::string PageTime(Micros time) { return TimeText(time, "%d/%m/%Y %H:%M:%S"); }

std::string OccurredText(const v1::RecordedEvent& event) {
  const Micros time = FromTimestamp(event.occurred_time());
  switch (static_cast<int>(event.occurred_precision())) {
    case event::v1::TIME_PRECISION_HOUR:
      return PageTime(time) + " (đến giờ / to the hour)";
    case event::v1::TIME_PRECISION_DAY:
      return TimeText(time, "%d/%m/%Y") + " (đến ngày / to the day)";
    case event::v1::TIME_PRECISION_MONTH:
      return TimeText(time, "%m/%Y") + " (đến tháng / to the month)";
    case event::v1::TIME_PRECISION_UNKNOWN:
      return PageTime(time) + " (không rõ / not known)";
    default:
      return PageTime(time);
  }
}

std::string FieldRows(const Json& json, const std::string& way,
                      const std::function<std::string(const std::string& field)>& label) {
  std::string rows;
  if (!json.is_structured()) {
    return PageRow(way, json.is_string() ? json.get<std::string>() : json.dump());
  }
  size_t index = 0;
  for (const auto& [name, value] : json.items()) {
    const std::string part = json.is_array() ? fmt::format("[{}]", ++index) : label(name);
    const bool joined = way.empty() || json.is_array();
    rows += FieldRows(value, fmt::format("{}{}{}", way, joined ? "" : ".", part), label);
  }
  return rows;
}

}  // namespace caseledger::cli
