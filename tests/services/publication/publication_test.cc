#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/domain/publication/publications.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::Record;
using testing::Row;
using testing::Step;
using testing::Time;

Record<PublicationsState> Reports() { return {"uuid", DecidePublication, "reports"}; }

// Of the hours [from, to), at `hours`, as the server completed it.
Step Published(double hours, uint32_t number, double from, double to, const std::string& rest = "",
               const std::string& report = "half-year") {
  return {hours, absl::StrCat("report_published { report_id: '", report, "' number: ", number,
                              " from_time", Time(from), " to_time", Time(to), " ", rest, " }")};
}

constexpr char kWhy[] = "reason: 'late entries'";

std::vector<Row> Rows() {
  return {
      {"the first", {}, Published(9, 1, 0, 5), std::nullopt},
      {"a period that is just over", {}, Published(5, 1, 0, 5), std::nullopt},
      {"a period that goes on", {}, Published(4, 1, 0, 5), Reason::kPublicationPeriodNotOver},
      {"an empty period", {}, Published(9, 1, 5, 5), Reason::kPublicationPeriodEmpty},
      {"computed before another was published",
       {Published(9, 1, 0, 5)},
       Published(10, 1, 5, 8),
       Reason::kPublishedMeanwhile},
      {"a number that leaves a gap", {}, Published(9, 2, 0, 5), Reason::kPublishedMeanwhile},
      {"another period", {Published(9, 1, 0, 5)}, Published(10, 2, 5, 8), std::nullopt},
      {"another report",
       {Published(9, 1, 0, 5)},
       Published(10, 2, 0, 5, "", "calls"),
       std::nullopt},
      {"again without a reason",
       {Published(9, 1, 0, 5)},
       Published(10, 2, 0, 5),
       Reason::kRestatementNeedsReason},
      {"again with a reason", {Published(9, 1, 0, 5)}, Published(10, 2, 0, 5, kWhy), std::nullopt},
      {"as of before another",
       {Published(9, 1, 0, 5)},
       Published(8, 1, 5, 7),
       Reason::kLaterFactWouldBreak,
       "e1"},
  };
}

TEST(Publications, RefuseInPrecedenceOrder) {
  for (const Row& row : Rows()) testing::Play(row, Reports());
  testing::Play({"another name", {}, Published(9, 1, 0, 5), Reason::kPublicationsNamedOtherwise},
                Record<PublicationsState>{"uuid", DecidePublication, "others"});
}

TEST(Publications, RestateTheNewestOfTheSameReportAndPeriod) {
  Record<PublicationsState> reports = Reports();
  const auto restated_by = [&](const Step& step) {
    const auto decided = reports.Try(step);
    EXPECT_TRUE(decided.ok()) << decided.status();
    return decided.ok() ? decided->fact.report_published().restates() : 999;
  };
  EXPECT_EQ(restated_by(Published(9, 1, 0, 5)), 0u);
  EXPECT_EQ(restated_by(Published(9, 2, 0, 3)), 0u);
  EXPECT_EQ(restated_by(Published(9, 3, 0, 5, kWhy)), 1u);
  EXPECT_EQ(restated_by(Published(10, 4, 0, 5, kWhy)), 3u);
  // What the request says of it does not count.
  EXPECT_EQ(restated_by(Published(11, 5, 5, 8, "restates: 4 version: 9")), 0u);
  EXPECT_EQ(reports.StateAt(11).count, 5u);
}

}  // namespace
}  // namespace caseledger::domain
