// The printed page of a bundle: no script, nothing from elsewhere, every text escaped.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/app/audit/fact_titles.h"
#include "services/app/audit/readable.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/text/time_text.h"
#include "services/app/cli/text/utf8.h"
#include "services/rpc/occurrences.h"

namespace caseledger::audit {
namespace {

using cli::Json;

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

// For text between tags and in attributes. Characters that hide or turn around others are shown.
std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : cli::Visible(text)) {
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

std::string Row(std::string_view heading, std::string_view value) {
  if (value.empty()) return "";
  return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", Escaped(heading), Escaped(value));
}

std::string KindName(options::v1::RecordKind kind) {
  switch (static_cast<int>(kind)) {
    case options::v1::RECORD_KIND_CONTACT:
      return "Liên hệ / Contact";
    case options::v1::RECORD_KIND_PERSON:
      return "Hồ sơ cá nhân / Person";
    case options::v1::RECORD_KIND_CASE_RECORD:
      return "Hồ sơ vụ việc / Case";
    default:
      return options::v1::RecordKind_Name(kind);
  }
}

// As people in Viet Nam write it. Times to the microsecond are in history.jsonl.
std::string TimeText(Micros time, const char* format = "%d/%m/%Y %H:%M:%S") {
  const auto seconds = static_cast<int>(cli::kZoneOffset / kMicrosPerSecond);
  return absl::FormatTime(format, absl::FromUnixMicros(time), absl::FixedTimeZone(seconds));
}

// No more of the time than is known.
std::string OccurredText(const v1::RecordedEvent& event) {
  const Micros time = cli::FromTimestamp(event.occurred_time());
  switch (static_cast<int>(event.occurred_precision())) {
    case event::v1::TIME_PRECISION_HOUR:
      return TimeText(time) + " (đến giờ / to the hour)";
    case event::v1::TIME_PRECISION_DAY:
      return TimeText(time, "%d/%m/%Y") + " (đến ngày / to the day)";
    case event::v1::TIME_PRECISION_MONTH:
      return TimeText(time, "%m/%Y") + " (đến tháng / to the month)";
    case event::v1::TIME_PRECISION_UNKNOWN:
      return TimeText(time) + " (không rõ / not known)";
    default:
      return TimeText(time);
  }
}

// A row for each value, named by its way through the message.
std::string FieldRows(const Json& json, const std::string& way) {
  std::string rows;
  if (!json.is_structured()) {
    return Row(way, json.is_string() ? json.get<std::string>() : json.dump());
  }
  size_t index = 0;
  for (const auto& [name, value] : json.items()) {
    const std::string part = json.is_array() ? fmt::format("[{}]", ++index) : name;
    const bool joined = way.empty() || json.is_array();
    rows += FieldRows(value, fmt::format("{}{}{}", way, joined ? "" : ".", part));
  }
  return rows;
}

std::string EventSection(const v1::RecordedEvent& event, const rpc::Occurrences& occurrences) {
  const std::string& standing = occurrences.StandingFor(event.event_id());
  const bool superseded = standing != event.event_id();
  std::string html =
      fmt::format("<section{}>\n<h2>{}. {} <code>{}</code></h2>\n<table class=\"event\">\n",
                  superseded ? " class=\"superseded\"" : "", event.revision(),
                  Escaped(VietnameseTitle(event.fact_name())), Escaped(event.fact_name()));
  html += Row("Xảy ra / Occurred", OccurredText(event));
  html += Row("Ghi nhận / Recorded", TimeText(cli::FromTimestamp(event.recorded_time())));
  html += Row("Người ghi / By", event.actor() + ", " + event.agency());
  html += Row("Thay mặt / On behalf of", event.on_behalf_of());
  html += Row("Mục đích / Purpose", event.purpose());
  html += Row("Căn cứ / Legal basis", event.legal_basis());
  html += Row("Nguồn / Source",
              event.source_file().empty() ? "" : event.source_file() + ", " + event.source_row());
  for (const std::string& item : event.data_quality()) html += Row("Lưu ý / Data quality", item);
  if (superseded) html += Row("Được thay bởi / Superseded by", standing);
  const Json fact = cli::ToJson(event.fact());
  for (const auto& [name, value] : fact.items()) html += FieldRows(value, "");
  html += Row("Vị trí / Position", std::to_string(event.position()));
  html += Row("Mã sự kiện / Event id", event.event_id());
  return html + "</table>\n</section>\n";
}

}  // namespace

std::string HistoryPage(const Verified& verified) {
  rpc::Occurrences occurrences;
  for (const v1::RecordedEvent& event : verified.events) occurrences.Note(event);
  std::string html(kHead);
  html += fmt::format("<title>Lịch sử hồ sơ {}</title>\n</head>\n<body>\n",
                      Escaped(verified.facts.record_id));
  html += "<h1>Lịch sử hồ sơ / History of a record</h1>\n<table class=\"about\">\n";
  html += Row("Hồ sơ / Record", verified.facts.record_id);
  html += Row("Loại / Kind", KindName(verified.facts.record_kind));
  html += Row("Sổ / Ledger", verified.facts.ledger);
  html += Row("Nhật ký / Log", verified.origin);
  html += Row("Số sự kiện / Events", std::to_string(verified.events.size()));
  html += Row("Đầy đủ đến / Complete up to",
              fmt::format("{0} sự kiện đầu của sổ, chốt lúc {1} / the ledger's first {0} events",
                          verified.complete_up_to, TimeText(verified.committed_at)));
  html += Row("Giờ / Times", "Giờ Việt Nam (UTC+7), ngày/tháng/năm / day/month/year");
  html +=
      "</table>\n<p class=\"note\">Trang này chỉ để đọc. Bằng chứng nằm trong các tệp khác; "
      "README.txt nói cách kiểm tra. / This page is for reading. The proof is in the other files; "
      "README.txt says how to check it.</p>\n";
  for (const v1::RecordedEvent& event : verified.events) html += EventSection(event, occurrences);
  return html + "</body>\n</html>\n";
}

}  // namespace caseledger::audit
