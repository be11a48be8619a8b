#include "services/app/cli/text/time_text.h"

#include <gtest/gtest.h>

namespace caseledger::cli {
namespace {

constexpr Micros kNewYear = 1'704'042'000 * kMicrosPerSecond;  // 2024-01-01T00:00:00+07:00

TEST(TimeText, ADateIsMidnightInTheLedgersZone) {
  const auto time = ParseTime("2024-01-01");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->micros, kNewYear);
  EXPECT_EQ(time->form, TimeForm::kDate);
}

TEST(TimeText, OffsetsNameTheSameInstant) {
  for (const char* text : {"2024-01-01T00:00:00+07:00", "2023-12-31T17:00:00Z",
                           "2023-12-31t12:00:00-05:00", "2024-01-01 00:00:00.000+07:00"}) {
    const auto time = ParseTime(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->micros, kNewYear) << text;
    EXPECT_EQ(time->form, TimeForm::kInstant);
  }
  EXPECT_EQ(ParseTime("2024-01-01T00:00:00.25+07:00")->micros, kNewYear + 250'000);
}

TEST(TimeText, OnlyRealTimesWithAnOffsetAreTaken) {
  for (const char* text :
       {"", "2024", "2024-1-1", "2024-02-30", "2023-02-29", "2024-13-01", "2024-01-01T00:00:00",
        "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00+0700", "2024-01-01T00:00:00Z ", "01/02/2024", "1799-01-01",
        "2024-01-01T00:00:00.Z"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
  EXPECT_TRUE(ParseTime("2024-02-29"));
}

TEST(TimeText, PrintsInBothZones) {
  EXPECT_EQ(FormatLocal(kNewYear), "2024-01-01T00:00:00+07:00");
  EXPECT_EQ(FormatUtc(kNewYear), "2023-12-31T17:00:00Z");
  EXPECT_EQ(FormatUtc(kNewYear + 5), "2023-12-31T17:00:00.000005Z");
  EXPECT_EQ(FormatUtc(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(TimeText, TimestampsRoundTripAlsoBefore1970) {
  for (const Micros micros : {Micros{0}, Micros{-1}, Micros{-1'500'000}, kNewYear + 7}) {
    EXPECT_EQ(FromTimestamp(ToTimestamp(micros)), micros);
    EXPECT_GE(ToTimestamp(micros).nanos(), 0);
  }
}

}  // namespace
}  // namespace caseledger::cli
