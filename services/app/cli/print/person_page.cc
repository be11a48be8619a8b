#include "services/app/cli/print/person_page.h"

#include <fmt/format.h>

#include <string_view>

#include "services/app/cli/print/json.h"
#include "services/app/cli/print/page.h"
#include "services/app/cli/print/titles.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

std::string ReasonText(v1::KeptBackReason reason) {
  switch (static_cast<int>(reason)) {
    case v1::KEPT_BACK_REASON_OTHERS:
      return "có nói về người khác / is about others, too";
    case v1::KEPT_BACK_REASON_REPORTER:
    case v1::KEPT_BACK_REASON_LOCATION:
      return "được giữ kín theo pháp luật / kept secret by law";
    default:
      return "không kèm theo / not included";
  }
}

// The last part of a way, as people call it: who reads this knows no protos.
std::string LabelOf(std::string_view way) {
  const size_t dot = way.rfind('.');
  return std::string(VietnameseLabel(dot == std::string_view::npos ? way : way.substr(dot + 1)));
}

Json ForPeople(Json json) {
  if (!json.is_structured()) return json;
  if (json.is_object() && json.contains("sealed")) {
    const Json& sealed = json["sealed"];
    const bool erased = sealed.value("state", "") == "SEAL_STATE_ERASED";
    json["text"] = erased ? "đã xóa / erased" : "không đọc được lúc này / cannot be read now";
    json.erase("sealed");
  }
  for (auto& value : json) value = ForPeople(std::move(value));
  return json;
}

}  // namespace

std::string PersonPage::Begin(const std::string& ledger, Micros made_at) {
  std::string html = PageBegin("Dữ liệu cá nhân được lưu giữ", "Dữ liệu cá nhân được lưu giữ");
  html += "<p>What is held about you</p>\n<table class=\"about\">\n";
  html += PageRow("Sổ / Ledger", ledger);
  html += PageRow("Lập lúc / Made", PageTime(made_at));
  html += PageRow("Giờ / Times", "Giờ Việt Nam (UTC+7), ngày/tháng/năm / day/month/year");
  html +=
      "</table>\n<p class=\"note\">Bản này gồm dữ liệu về riêng người nhận. Phần có nói về người "
      "khác, hoặc phải giữ kín theo pháp luật, không kèm theo; chỗ nào thiếu đều được ghi rõ. Sự "
      "kiện bị gạch ngang đã được sửa bằng một sự kiện sau. / This copy holds what is about its "
      "receiver alone. What is about others, too, or kept secret by law is not included; each gap "
      "is named. Events struck through were put right by a later one.</p>\n";
  return html;
}

std::string PersonPage::Event(const v1::PersonDataEvent& shown) {
  const v1::RecordedEvent& event = shown.event();
  std::string html;
  if (event.record_id() != record_id_) {
    record_id_ = event.record_id();
    html += fmt::format("<h1>{}</h1>\n<p><code>{}</code></p>\n",
                        Escaped(PageKindName(event.record_kind())), Escaped(record_id_));
  }
  const bool superseded = !event.superseded_by_event_id().empty();
  html += fmt::format("<section{}>\n<h2>{} <code>{}</code></h2>\n<table class=\"event\">\n",
                      superseded ? " class=\"superseded\"" : "",
                      Escaped(VietnameseTitle(event.fact_name())), Escaped(event.fact_name()));
  html += PageRow("Xảy ra / Occurred", OccurredText(event));
  html += PageRow("Ghi nhận / Recorded", PageTime(FromTimestamp(event.recorded_time())));
  html += PageRow("Cơ quan ghi / Recorded by", event.agency());
  html += PageRow("Mục đích / Purpose", event.purpose());
  html += PageRow("Căn cứ / Legal basis", event.legal_basis());
  const Json fact = ForPeople(ToJson(event.fact()));
  for (const auto& [name, value] : fact.items()) {
    html += FieldRows(value, "",
                      [](const std::string& field) { return std::string(VietnameseLabel(field)); });
  }
  for (const v1::KeptBackPart& part : shown.kept_back()) {
    html += PageRow("Không kèm theo / Not included",
                    fmt::format("{}: {}", LabelOf(part.field()), ReasonText(part.reason())));
  }
  return html + "</table>\n</section>\n";
}

std::string PersonPage::End() { return PageEnd(); }

}  // namespace caseledger::cli
