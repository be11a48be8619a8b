#include "projections/definition_texts/legal_time.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/time/time.h"

namespace caseledger::projections {
namespace {

// Times as people in the ledger's zone write them.
Micros At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(
      absl::ParseTime("%Y-%m-%d %H:%M:%S", text, absl::FixedTimeZone(7 * 3600), &time, &error))
      << text << ": " << error;
  return absl::ToUnixMicros(time);
}

std::string Told(Micros time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(time),
                          absl::FixedTimeZone(7 * 3600));
}

TEST(LegalTime, HoursCountFromTheMoment) {
  EXPECT_EQ(Told(AfterHours(At("2026-03-06 23:30:00"), 24)), "2026-03-07 23:30:00");
}

TEST(LegalTime, TheDayOfTheEventIsNotCountedAndTheLastOneCountsToItsEnd) {
  EXPECT_EQ(Told(AfterDays(At("2026-03-06 00:00:00"), 10)), "2026-03-16 23:59:59");
  EXPECT_EQ(Told(AfterDays(At("2026-03-06 23:59:59"), 10)), "2026-03-16 23:59:59");
  EXPECT_EQ(Told(AfterDays(At("2025-12-20 08:00:00"), 20)), "2026-01-09 23:59:59");
}

TEST(LegalTime, WorkingDaysLeaveOutTheWeekend) {
  // 2026-03-06 is a Friday.
  EXPECT_EQ(Told(AfterWorkingDays(At("2026-03-05 09:00:00"), 1)), "2026-03-06 23:59:59");
  EXPECT_EQ(Told(AfterWorkingDays(At("2026-03-05 09:00:00"), 2)), "2026-03-09 23:59:59");
  EXPECT_EQ(Told(AfterWorkingDays(At("2026-03-06 18:00:00"), 2)), "2026-03-10 23:59:59");
  EXPECT_EQ(Told(AfterWorkingDays(At("2026-03-07 10:00:00"), 2)), "2026-03-10 23:59:59");
  EXPECT_EQ(Told(AfterWorkingDays(At("2026-03-08 10:00:00"), 2)), "2026-03-10 23:59:59");
}

// Day by day, as one counts on a calendar.
TEST(LegalTime, WorkingDaysAgreeWithCountingOnTheCalendar) {
  for (int start = 1; start <= 14; ++start) {
    const Micros received =
        At("2026-03-" + std::string(start < 10 ? "0" : "") + std::to_string(start) + " 12:00:00");
    for (uint32_t days = 1; days <= 25; ++days) {
      absl::CivilDay day(2026, 3, start);
      for (uint32_t counted = 0; counted < days;) {
        ++day;
        const absl::Weekday weekday = absl::GetWeekday(day);
        if (weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday) ++counted;
      }
      EXPECT_EQ(Told(AfterWorkingDays(received, days)), absl::FormatCivilTime(day) + " 23:59:59")
          << days << " from " << start;
    }
  }
}

TEST(LegalTime, MonthsEndOnTheSameDayOrTheLastThereIs) {
  EXPECT_EQ(Told(AfterMonths(At("2024-01-31 10:00:00"), 1)), "2024-02-29 23:59:59");
  EXPECT_EQ(Told(AfterMonths(At("2024-02-29 10:00:00"), 12)), "2025-02-28 23:59:59");
  EXPECT_EQ(Told(AfterMonths(At("2024-11-15 10:00:00"), 14)), "2026-01-15 23:59:59");
}

// The end of the day in UTC+7, whatever day it is in UTC.
TEST(LegalTime, DaysAreThoseOfTheLedgersZone) {
  const Micros late = absl::ToUnixMicros(
      absl::FromCivil(absl::CivilSecond(2026, 3, 5, 18, 0, 0), absl::UTCTimeZone()));
  EXPECT_EQ(Told(AfterDays(late, 1)), "2026-03-07 23:59:59");
}

TEST(LegalTime, LengthsBeyondAllTimeNeverEnd) {
  constexpr uint32_t kMost = std::numeric_limits<uint32_t>::max();
  const Micros start = At("2026-03-06 12:00:00");
  for (const Micros end : {AfterHours(start, kMost), AfterDays(start, kMost),
                           AfterWorkingDays(start, kMost), AfterMonths(start, kMost)}) {
    EXPECT_GT(end, At("2300-01-01 00:00:00"));
  }
}

}  // namespace
}  // namespace caseledger::projections
