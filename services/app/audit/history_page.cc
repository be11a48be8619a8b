// The printed page of a bundle.
#include <fmt/format.h>

#include <string>

#include "services/app/audit/readable.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/page.h"
#include "services/app/cli/print/titles.h"
#include "services/app/cli/text/time_text.h"
#include "services/rpc/occurrences.h"

namespace caseledger::audit {
namespace {

using cli::Json;

std::string EventSection(const v1::RecordedEvent& event, const rpc::Occurrences& occurrences) {
  const std::string& standing = occurrences.StandingFor(event.event_id());
  const bool superseded = standing != event.event_id();
  std::string html = fmt::format(
      "<section{}>\n<h2>{}. {} <code>{}</code></h2>\n<table class=\"event\">\n",
      superseded ? " class=\"superseded\"" : "", event.revision(),
      cli::Escaped(cli::VietnameseTitle(event.fact_name())), cli::Escaped(event.fact_name()));
  html += cli::PageRow("Xảy ra / Occurred", cli::OccurredText(event));
  html +=
      cli::PageRow("Ghi nhận / Recorded", cli::PageTime(cli::FromTimestamp(event.recorded_time())));
  html += cli::PageRow("Người ghi / By", event.actor() + ", " + event.agency());
  html += cli::PageRow("Thay mặt / On behalf of", event.on_behalf_of());
  html += cli::PageRow("Mục đích / Purpose", event.purpose());
  html += cli::PageRow("Căn cứ / Legal basis", event.legal_basis());
  html += cli::PageRow("Nguồn / Source", event.source_file().empty()
                                             ? ""
                                             : event.source_file() + ", " + event.source_row());
  for (const std::string& item : event.data_quality())
    html += cli::PageRow("Lưu ý / Data quality", item);
  if (superseded) html += cli::PageRow("Được thay bởi / Superseded by", standing);
  const Json fact = cli::ToJson(event.fact());
  for (const auto& [name, value] : fact.items()) {
    html += cli::FieldRows(value, "", [](const std::string& field) { return field; });
  }
  html += cli::PageRow("Vị trí / Position", std::to_string(event.position()));
  html += cli::PageRow("Mã sự kiện / Event id", event.event_id());
  return html + "</table>\n</section>\n";
}

}  // namespace

std::string HistoryPage(const Verified& verified) {
  rpc::Occurrences occurrences;
  for (const v1::RecordedEvent& event : verified.events) occurrences.Note(event);
  std::string html = cli::PageBegin("Lịch sử hồ sơ " + verified.facts.record_id,
                                    "Lịch sử hồ sơ / History of a record");
  html += "<table class=\"about\">\n";
  html += cli::PageRow("Hồ sơ / Record", verified.facts.record_id);
  html += cli::PageRow("Loại / Kind", cli::PageKindName(verified.facts.record_kind));
  html += cli::PageRow("Sổ / Ledger", verified.facts.ledger);
  html += cli::PageRow("Nhật ký / Log", verified.origin);
  html += cli::PageRow("Số sự kiện / Events", std::to_string(verified.events.size()));
  html += cli::PageRow(
      "Đầy đủ đến / Complete up to",
      fmt::format("{0} sự kiện đầu của sổ, chốt lúc {1} / the ledger's first {0} events",
                  verified.complete_up_to, cli::PageTime(verified.committed_at)));
  html += cli::PageRow("Giờ / Times", "Giờ Việt Nam (UTC+7), ngày/tháng/năm / day/month/year");
  html +=
      "</table>\n<p class=\"note\">Trang này chỉ để đọc. Bằng chứng nằm trong các tệp khác; "
      "README.txt nói cách kiểm tra. / This page is for reading. The proof is in the other files; "
      "README.txt says how to check it.</p>\n";
  for (const v1::RecordedEvent& event : verified.events) html += EventSection(event, occurrences);
  return html + cli::PageEnd();
}

}  // namespace caseledger::audit
