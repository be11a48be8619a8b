#include "projections/definition_texts/legal_time.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace caseledger::projections {
namespace {

constexpr uint32_t kWorkingDaysPerWeek = 5;

// Asia/Ho_Chi_Minh has had no other offset since 1975.
absl::TimeZone LedgerZone() { return absl::FixedTimeZone(7 * 3600); }

absl::CivilDay DayOf(Micros time) {
  return absl::ToCivilDay(absl::FromUnixMicros(time), LedgerZone());
}

Micros LastSecondOf(absl::CivilDay day) {
  return absl::ToUnixMicros(absl::FromCivil(day + 1, LedgerZone())) - kMicrosPerSecond;
}

bool IsWorkingDay(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday;
}

}  // namespace

Micros AfterHours(Micros start, uint32_t hours) {
  // Saturates: a file may ask for any number.
  return absl::ToUnixMicros(absl::FromUnixMicros(start) + absl::Hours(hours));
}

Micros AfterDays(Micros start, uint32_t days) {
  return LastSecondOf(DayOf(start) + static_cast<int64_t>(days));
}

Micros AfterWorkingDays(Micros start, uint32_t days) {
  absl::CivilDay day = DayOf(start) + 7 * static_cast<int64_t>(days / kWorkingDaysPerWeek);
  uint32_t left = days % kWorkingDaysPerWeek;
  // Whole weeks from a Saturday or Sunday end on one: the last day counted was the Friday before.
  if (days > 0 && left == 0) {
    while (!IsWorkingDay(day)) --day;
  }
  while (left > 0) {
    ++day;
    if (IsWorkingDay(day)) --left;
  }
  return LastSecondOf(day);
}

Micros AfterMonths(Micros start, uint32_t months) {
  const absl::CivilDay day = DayOf(start);
  const absl::CivilMonth month = absl::CivilMonth(day) + static_cast<int64_t>(months);
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return LastSecondOf(absl::CivilDay(month.year(), month.month(), std::min(day.day(), last.day())));
}

}  // namespace caseledger::projections
