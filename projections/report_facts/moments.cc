#include "projections/report_facts/moments.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/civil_time.h"
#include "caseledger/event/v1/fact.pb.h"

namespace caseledger::projections {
namespace {

using Special = FieldPath::Special;

constexpr Micros kHour = 3600 * kMicrosPerSecond;
constexpr Micros kDay = 24 * kHour;

std::vector<std::string> Number(int64_t number) { return {std::to_string(number)}; }

// Of a span that has ended.
std::vector<std::string> Lasted(const Subject& subject, Micros unit) {
  if (subject.span == nullptr || subject.span->end == kEndOfTime) return {};
  return Number((subject.span->end - subject.span->begin) / unit);
}

std::vector<std::string> EndedBy(const Subject& subject) {
  if (subject.span == nullptr) return {};
  const auto* field = event::v1::Fact::descriptor()->FindFieldByNumber(subject.span->ended_by);
  if (field != nullptr) return {field->name()};
  if (subject.span->end == kEndOfTime) return {};
  return {"date"};
}

}  // namespace

std::vector<std::string> MomentValues(Special special, const Subject& subject,
                                      const absl::TimeZone& zone) {
  const absl::CivilSecond at = zone.At(absl::FromUnixMicros(subject.at)).cs;
  switch (special) {
    case Special::kDelayDays:
      return Number(std::max<Micros>(0, subject.fact->recorded_at - subject.fact->occurred_at) /
                    kDay);
    case Special::kHour:
      return Number(at.hour());
    case Special::kWeekday:
      return Number(static_cast<int>(absl::GetWeekday(at)) + 1);
    case Special::kDate:
      return {absl::FormatCivilTime(absl::CivilDay(at))};
    case Special::kMonth:
      return {absl::FormatCivilTime(absl::CivilMonth(at))};
    case Special::kSpanHours:
      return Lasted(subject, kHour);
    case Special::kSpanDays:
      return Lasted(subject, kDay);
    case Special::kSpanEnd:
      return EndedBy(subject);
    case Special::kNone:
    case Special::kAge:
    case Special::kRole:
    case Special::kVictimStatus:
    case Special::kAgency:
      break;
  }
  return {};
}

}  // namespace caseledger::projections
