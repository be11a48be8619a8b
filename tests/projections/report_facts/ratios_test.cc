// Ratios of figures: what they say, to whom, and that they say nothing more than the figures.
#include "projections/report_facts/ratios.h"

#include <gmock/gmock.h>

#include <random>

#include "google/protobuf/text_format.h"
#include "projections/report_facts/definition.h"

namespace caseledger::projections {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHead[] = R"(
report_id: 'r' version: 1 time_zone: 'Asia/Ho_Chi_Minh' label_vi: 'Thử' label_en: 'Try'
indicators { row: 'A' unit: 'case' label_vi: 'a' label_en: 'a' fact: 'case_reopened'
  by { field: 'case.owner_agency_id' } }
indicators { row: 'B' unit: 'case' label_vi: 'b' label_en: 'b' fact: 'case_closed'
  by { field: 'case.owner_agency_id' } }
indicators { row: 'C' unit: 'case' label_vi: 'c' label_en: 'c' fact: 'case_closed' }
)";

v1::ReportDefinition Definition(const std::string& ratios) {
  const auto definition = ParseReportDefinition(kHead + ratios);
  EXPECT_TRUE(definition.ok()) << definition.status();
  return definition.value_or(v1::ReportDefinition());
}

// `RATIO|GROUP=VALUE`, with ` withheld`.
std::vector<std::string> Told(const ToldFigures& figures, const v1::ReportDefinition& definition) {
  std::vector<std::string> told;
  for (const v1::RatioFigure& ratio : figures.Ratios(definition)) {
    std::string text = ratio.ratio();
    for (const std::string& value : ratio.group()) text += "|" + value;
    told.push_back(text + "=" + ratio.value() + (ratio.withheld() ? " withheld" : ""));
  }
  return told;
}

constexpr char kRate[] = "ratios { ratio: 'D' label_vi: 'd' label_en: 'd' of: 'A' among: 'B' }";
const std::vector<std::string> kByAgency = {"case.owner_agency_id"};

TEST(Ratios, AreRoundedHalfUpToOneDigit) {
  EXPECT_EQ(RatioText(0, 7, 100), "0.0");
  EXPECT_EQ(RatioText(1, 3, 100), "33.3");
  EXPECT_EQ(RatioText(2, 3, 100), "66.7");
  EXPECT_EQ(RatioText(1, 8, 100), "12.5");
  EXPECT_EQ(RatioText(1, 16, 10), "0.6") << "0.625";
  EXPECT_EQ(RatioText(1, 20, 1), "0.1") << "0.05";
  EXPECT_EQ(RatioText(1, 2000, 100), "0.1") << "0.05";
  EXPECT_EQ(RatioText(1, 2001, 100), "0.0");
  EXPECT_EQ(RatioText(3, 2, 100), "150.0");
  EXPECT_EQ(RatioText(5, 0, 100), "");
  EXPECT_EQ(RatioText(~uint64_t{0}, 1, 1'000'000), "18446744073709551615000000.0");
}

TEST(Ratios, AreAsCloseAsOneDigitCanBe) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t of = random() % 100'000;
    const uint64_t among = 1 + random() % 100'000;
    const auto per = static_cast<uint32_t>(1 + random() % 1'000'000);
    const std::string text = RatioText(of, among, per);
    const size_t point = text.find('.');
    ASSERT_EQ(point + 2, text.size()) << text;
    const uint64_t tenths = std::stoull(text.substr(0, point) + text.substr(point + 1));
    // tenths - 1/2 <= 10 of per / among < tenths + 1/2
    const uint64_t exact = 20 * of * per;
    EXPECT_LT(exact, (2 * tenths + 1) * among) << of << " " << among << " " << per;
    EXPECT_GE(exact + among, 2 * tenths * among) << of << " " << among << " " << per;
  }
}

TEST(Ratios, AreToldOfTheWholeAndOfEachGroupOfWhatTheyRelateTo) {
  ToldFigures figures(/*all_groups=*/true);
  figures.TellRow("A", kByAgency, {3}, false);
  figures.TellGroup("A", {"x"}, {2});
  figures.TellGroup("A", {"other"}, {1});
  figures.TellRow("B", kByAgency, {8}, false);
  figures.TellGroup("B", {"x"}, {5});
  figures.TellGroup("B", {"y"}, {3});
  figures.TellRow("C", {}, {8}, false);
  EXPECT_THAT(Told(figures, Definition(kRate)), ElementsAre("D=37.5", "D|x=40.0", "D|y=0.0"));
  EXPECT_THAT(Told(figures, Definition("ratios { ratio: 'D' label_vi: 'd' of: 'A' among: 'C' per: "
                                       "1000 }")),
              ElementsAre("D=375.0"))
      << "rows that are split in different ways have no groups in common";
}

TEST(Ratios, OfRowsThatAreSplitIntoOtherGroupsOfOneFieldHaveNoGroups) {
  const v1::ReportDefinition definition = Definition(R"(
    indicators { row: 'E' unit: 'closure' label_vi: 'e' label_en: 'e' fact: 'case_open'
      by { field: 'span.days' edges: [0, 31, 91] } period: PERIOD_RULE_ENDED_IN_PERIOD }
    indicators { row: 'F' parent: 'E' unit: 'closure' label_vi: 'f' label_en: 'f'
      filters { field: 'span.ended_by' any_of: 'case_closed' } }
    indicators { row: 'G' parent: 'E' unit: 'closure' label_vi: 'g' label_en: 'g'
      by { field: 'span.days' edges: [0, 61] } }
    ratios { ratio: 'H' label_vi: 'h' of: 'F' among: 'E' }
    ratios { ratio: 'I' label_vi: 'i' of: 'G' among: 'E' })");
  ToldFigures figures(/*all_groups=*/true);
  const std::vector<std::string> by = {"span.days"};
  figures.TellRow("E", by, {5}, false);
  figures.TellGroup("E", {"0-30"}, {4});
  figures.TellRow("F", by, {2}, false);
  figures.TellGroup("F", {"0-30"}, {1});
  figures.TellRow("G", by, {5}, false);
  figures.TellGroup("G", {"0-60"}, {5});
  EXPECT_THAT(Told(figures, definition), ElementsAre("H=40.0", "H|0-30=25.0", "I=100.0"));
}

TEST(Ratios, SayNothingOfWhatIsWithheld) {
  const auto tell = [](ToldFigures& figures, bool exactly) {
    const auto small = [&](uint64_t value) {
      return ToldFigure{exactly ? std::optional(value) : std::nullopt, true};
    };
    figures.TellRow("A", kByAgency, {20}, true);
    figures.TellGroup("A", {"x"}, {15});
    if (exactly) figures.TellGroup("A", {"y"}, small(4));
    if (exactly) figures.TellGroup("A", {"z"}, small(1));
    figures.TellRow("B", kByAgency, {40}, true);
    figures.TellGroup("B", {"x"}, {20});
    figures.TellGroup("B", {"y"}, {10});
    if (exactly) figures.TellGroup("B", {"z"}, small(2));
    figures.TellGroup("B", {"none"}, {8});
    figures.TellRow("C", {}, small(4), false);
  };
  const v1::ReportDefinition definition =
      Definition(std::string(kRate) + "ratios { ratio: 'E' label_vi: 'e' of: 'C' among: 'B' }");
  ToldFigures seen(/*all_groups=*/false);
  tell(seen, false);
  EXPECT_THAT(Told(seen, definition),
              ElementsAre("D=50.0", "D|x=75.0", "D|y= withheld", "D|none= withheld", "E= withheld"))
      << "a group that is not listed may be withheld, so it is not told as none";
  ToldFigures exact(/*all_groups=*/true);
  tell(exact, true);
  EXPECT_THAT(Told(exact, definition),
              ElementsAre("D=50.0", "D|x=75.0", "D|y=40.0 withheld", "D|z=50.0 withheld",
                          "D|none=0.0 withheld", "E=10.0 withheld"));
}

TEST(Ratios, ADefinitionNamesWhatIsThereOnceAndWithinBounds) {
  const auto trouble = [](const std::string& ratios) {
    return std::string(ParseReportDefinition(kHead + ratios).status().message());
  };
  EXPECT_THAT(trouble(kRate), IsEmpty());
  EXPECT_THAT(trouble(std::string(kRate) + kRate), HasSubstr("ratio `D`: is there twice"));
  EXPECT_THAT(trouble("ratios { ratio: 'A' label_vi: 'd' of: 'A' among: 'B' }"),
              HasSubstr("ratio `A`: a row has this name"));
  EXPECT_THAT(trouble("ratios { ratio: 'D' label_vi: 'd' of: 'X' among: 'Y' }"),
              AllOf(HasSubstr("ratio `D`: unknown row `X`"), HasSubstr("unknown row `Y`")));
  EXPECT_THAT(trouble("ratios { ratio: 'D E' of: 'A' among: 'B' per: 1000001 }"),
              AllOf(HasSubstr("its name must be"), HasSubstr("it needs labels"),
                    HasSubstr("per must be at most 1000000")));
  EXPECT_THAT(trouble("\nratios {\n  ratio: 'D' label_vi: 'd'\n  of: 'X' among: 'B' }"),
              HasSubstr("line 11"))
      << "the wrong line is named";
  std::string many;
  for (int i = 0; i <= 100; ++i) {
    many += "ratios { ratio: 'D" + std::to_string(i) + "' label_vi: 'd' of: 'A' among: 'B' }";
  }
  EXPECT_THAT(trouble(many), HasSubstr("more than 100 ratios"));
}

}  // namespace
}  // namespace caseledger::projections
