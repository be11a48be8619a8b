// What everybody knows of tables, by hand.
#include "services/disclosure/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"

namespace caseledger::disclosure {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kHead[] = "report_id: 'try' version: 1 time_zone: 'Asia/Ho_Chi_Minh' ";
constexpr char kCalls[] = R"(
indicators { row: 'A' fact: 'contact_ended' }
indicators { row: 'B' parent: 'A' filters { field: 'outcome' any_of: 'counselled' } })";

Table Make(const std::string& definition, int64_t from, int64_t to,
           const std::vector<std::pair<std::string, uint64_t>>& rows) {
  Table table;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kHead + definition, &table.definition));
  table.from_us = from;
  table.to_us = to;
  for (const auto& [row, value] : rows) table.rows.push_back({row, value, false, {}});
  return table;
}

// Rows, and groups as `A/x`, that are withheld.
std::vector<std::string> WithheldIn(const Table& table) {
  std::vector<std::string> withheld;
  for (const TableRow& row : table.rows) {
    if (row.withheld) withheld.push_back(row.row);
    for (const TableGroup& group : row.groups) {
      if (group.withheld) withheld.push_back(row.row + "/" + absl::StrJoin(group.values, ","));
    }
  }
  return withheld;
}

// Publishes one after the other; what is withheld of the last.
std::vector<std::string> Publish(std::vector<Table> tables) {
  std::vector<Table> before;
  for (Table& table : tables) {
    EXPECT_THAT(WithholdFrom(table, before), IsEmpty());
    before.push_back(table);
  }
  return WithheldIn(before.back());
}

TEST(Tables, APartThatLeavesLittleOfTheWholeIsWithheldFromOneOfBoth) {
  EXPECT_THAT(Publish({Make(kCalls, 0, 10, {{"A", 40}, {"B", 20}})}), IsEmpty());
  // Two calls were not counselled.
  EXPECT_THAT(Publish({Make(kCalls, 0, 10, {{"A", 20}, {"B", 18}})}), ::testing::SizeIs(1));
  // A part is no smaller than nothing: the whole may be shown.
  EXPECT_THAT(Publish({Make(kCalls, 0, 10, {{"A", 40}, {"B", 2}})}), ElementsAre("B"));
}

TEST(Tables, PartsOfDifferentCodesAddUp) {
  const std::string definition = absl::StrCat(
      kCalls, "indicators { row: 'C' parent: 'A' filters { field: 'outcome' any_of: 'silent' } }",
      "indicators { row: 'D' parent: 'A' filters { field: 'outcome' any_of: 'prank' } }");
  // No identity says so, and yet 3 = 53 - 20 - 30.
  const auto withheld =
      Publish({Make(definition, 0, 10, {{"A", 53}, {"B", 20}, {"C", 30}, {"D", 3}})});
  EXPECT_THAT(withheld, ::testing::SizeIs(2));
  EXPECT_THAT(withheld, ::testing::Contains("D"));
  // The same said by rows that repeat everything.
  const auto alone = [](const std::string& row, const std::string& code) {
    return "indicators { row: '" + row +
           "' fact: 'contact_ended' filters { field: 'contact.line' any_of: '111' }" +
           (code.empty() ? "" : "filters { field: 'outcome' any_of: '" + code + "' }") + " }";
  };
  const std::string repeated =
      alone("A", "") + alone("B", "counselled") + alone("C", "silent") + alone("D", "prank");
  EXPECT_EQ(Publish({Make(repeated, 0, 10, {{"A", 53}, {"B", 20}, {"C", 30}, {"D", 3}})}),
            withheld);
}

TEST(Tables, AnIdentityIsKnown) {
  const std::string definition = R"(
indicators { row: 'A' fact: 'emergency_started' }
indicators { row: 'B' fact: 'emergency_started' filters { field: 'kind' any_of: 'x' or_unknown: true } }
indicators { row: 'C' fact: 'emergency_started' filters { field: 'kind' any_of: 'y' or_unknown: true } }
identities { row: 'A' sum_of: 'B' sum_of: 'C' })";
  const auto withheld = Publish({Make(definition, 0, 10, {{"A", 53}, {"B", 50}, {"C", 3}})});
  EXPECT_THAT(withheld, ::testing::SizeIs(2));
}

TEST(Tables, TheMonthThatIsLeftOfAQuarterIsNotGivenAway) {
  const auto month = [](int64_t from, uint64_t value) {
    return Make("indicators { row: 'A' fact: 'contact_ended' }", from, from + 1, {{"A", value}});
  };
  const auto quarter = Make("indicators { row: 'A' fact: 'contact_ended' }", 0, 3, {{"A", 23}});
  EXPECT_THAT(Publish({month(0, 10), month(1, 10), month(2, 3), quarter}), ElementsAre("A"));
  // The month itself comes last: it is small, and the quarter must have been withheld before.
  EXPECT_THAT(Publish({month(0, 10), month(1, 10), quarter}), ElementsAre("A"));
  EXPECT_THAT(Publish({quarter, month(0, 10), month(1, 10)}), ElementsAre("A"));
  // Where nothing is small, all is shown.
  const auto larger = Make("indicators { row: 'A' fact: 'contact_ended' }", 0, 3, {{"A", 30}});
  EXPECT_THAT(Publish({month(0, 10), month(1, 10), month(2, 10), larger}), IsEmpty());
}

TEST(Tables, PersonsOfPeriodsDoNotAddUp) {
  const std::string persons =
      "indicators { row: 'A' fact: 'service_delivered' persons: 'beneficiary_person_ids' count: "
      "'person' }";
  const auto of = [&](int64_t from, int64_t to, uint64_t value) {
    return Make(persons, from, to, {{"A", value}});
  };
  // Two months of 10 and one of 3; 14 in all: the third may have had 0 to 14.
  EXPECT_THAT(Publish({of(0, 1, 10), of(1, 2, 10), of(2, 3, 3), of(0, 3, 14)}), IsEmpty());
  // 23 in all: then nobody came twice, and the third had 3 at least.
  EXPECT_THAT(Publish({of(0, 1, 10), of(1, 2, 10), of(2, 3, 3), of(0, 3, 23)}), ElementsAre("A"));
}

TEST(Tables, ARestatementDoesNotTellWhatTheFirstWithheld) {
  const std::string definition = absl::StrCat(
      kCalls, "indicators { row: 'C' parent: 'A' filters { field: 'outcome' any_of: 'silent' } }",
      "indicators { row: 'D' parent: 'A' filters { field: 'outcome' any_of: 'prank' } }",
      "identities { row: 'A' sum_of: 'B' sum_of: 'C' sum_of: 'D' }");
  Table first = Make(definition, 0, 10, {{"A", 53}, {"B", 20}, {"C", 30}, {"D", 3}});
  EXPECT_THAT(WithholdFrom(first, {}), IsEmpty());
  ASSERT_THAT(WithheldIn(first), ::testing::Contains("D"));
  // One that is shown changed; D is still 3, and what was withheld beside it is so again.
  Table second = first;
  for (size_t i : {1u, 2u}) {
    if (first.rows[i].withheld) continue;
    second.rows[i].value += 1;
    second.rows[0].value += 1;
    break;
  }
  EXPECT_THAT(WithholdFrom(second, {first}), IsEmpty());
  EXPECT_EQ(WithheldIn(second), WithheldIn(first));
}

TEST(Tables, WhatCannotBeAttributedIsOneMoreGroup) {
  Table table = Make(
      "indicators { row: 'A' fact: 'contact_ended' by { field: 'contact.unit' unit_version: "
      "'2026' } }",
      0, 10, {{"A", 35}});
  table.rows[0].groups = {{{"u1@2026"}, 12, false}, {{"u2@2026"}, 20, false}};
  table.rows[0].groups.push_back({{"not_attributable"}, 3, false});
  EXPECT_THAT(WithholdFrom(table, {}), IsEmpty());
  const auto withheld = WithheldIn(table);
  EXPECT_THAT(withheld, ::testing::SizeIs(2)) << "else it is what is left of the whole";
  EXPECT_THAT(withheld, ::testing::Contains("A/not_attributable"));
}

TEST(Tables, AFigureIsToldInUnitsOfOneVersion) {
  const auto table = [](const std::string& version) {
    Table made = Make("indicators { row: 'A' fact: 'contact_ended' by { field: 'contact.unit' " +
                          version + " } }",
                      0, 10, {{"A", 40}});
    made.rows[0].groups = {{{"x"}, 20, false}, {{"y"}, 20, false}};
    return made;
  };
  EXPECT_THAT(Publish({table("unit_version: '2026'"), table("unit_version: '2026'")}), IsEmpty());
  EXPECT_THAT(Publish({table("unit_version: '2026'"), table("unit_version: '2024'")}),
              ElementsAre("A/x", "A/y"));
  EXPECT_THAT(Publish({table(""), table("unit_version: '2024'")}), ElementsAre("A/x", "A/y"));
}

TEST(Tables, GroupsOfARowAddUpToIt) {
  Table table = Make("indicators { row: 'A' fact: 'contact_ended' by { field: 'contact.unit' } }",
                     0, 10, {{"A", 35}});
  table.rows[0].groups = {{{"u1"}, 12, false}, {{"u2"}, 20, false}, {{"u3"}, 3, false}};
  EXPECT_THAT(WithholdFrom(table, {}), IsEmpty());
  const auto withheld = WithheldIn(table);
  EXPECT_THAT(withheld, ::testing::SizeIs(2));
  EXPECT_THAT(withheld, ::testing::Contains("A/u3"));
}

TEST(Tables, AFigureIsSplitInOneWayAlone) {
  const auto by = [](const std::string& field) {
    Table table = Make(
        absl::StrCat("indicators { row: 'A' fact: 'contact_ended' by { field: '", field, "' } }"),
        0, 10, {{"A", 40}});
    table.rows[0].groups = {{{"x"}, 20, false}, {{"y"}, 20, false}};
    return table;
  };
  EXPECT_THAT(Publish({by("contact.unit")}), IsEmpty());
  EXPECT_THAT(Publish({by("contact.unit"), by("contact.channel")}), ElementsAre("A/x", "A/y"));
  EXPECT_THAT(Publish({by("contact.unit"), by("contact.unit")}), IsEmpty());
  // Months are periods, and published as such.
  EXPECT_THAT(Publish({by("at.month")}), ElementsAre("A/x", "A/y"));
}

TEST(Tables, TheSameFigureUnderAnotherNameIsTheSame) {
  Table first = Make("indicators { row: 'A' fact: 'contact_ended' }", 0, 10, {{"A", 40}});
  EXPECT_THAT(WithholdFrom(first, {}), IsEmpty());
  // B leaves 2 of what another report shows.
  Table second = Make(
      "indicators { row: 'X' fact: 'contact_ended' filters { field: 'outcome' any_of: 'counselled' "
      "} }",
      0, 10, {{"X", 38}});
  second.definition.set_report_id("other");
  EXPECT_THAT(WithholdFrom(second, {first}), IsEmpty());
  EXPECT_THAT(WithheldIn(second), ElementsAre("X"));
}

TEST(Tables, WhatWasWithheldByAHigherThresholdStaysSo) {
  const std::string definition = absl::StrCat(
      kCalls, "indicators { row: 'C' parent: 'A' filters { field: 'outcome' any_of: 'silent' } }",
      "identities { row: 'A' sum_of: 'B' sum_of: 'C' }");
  Table first = Make(definition, 0, 10, {{"A", 34}, {"B", 30}, {"C", 4}});
  EXPECT_THAT(WithholdFrom(first, {}), IsEmpty());
  EXPECT_THAT(WithheldIn(first), ::testing::Contains("C"));
  Table again = Make(definition, 0, 10, {{"A", 34}, {"B", 30}, {"C", 4}});
  again.smallest_shown = 2;
  EXPECT_THAT(WithholdFrom(again, {first}), IsEmpty());
  EXPECT_EQ(WithheldIn(again), WithheldIn(first));
  // By itself it would be shown.
  again.smallest_shown = 2;
  EXPECT_THAT(WithholdFrom(again, {}), IsEmpty());
  EXPECT_THAT(WithheldIn(again), IsEmpty());
}

TEST(Tables, WhatWasGivenAwayBeforeIsTold) {
  const auto of = [](int64_t from, int64_t to, uint64_t value) {
    return Make("indicators { row: 'A' fact: 'contact_ended' }", from, to, {{"A", value}});
  };
  // Published by somebody who withheld nothing.
  const std::vector<Table> before = {of(0, 1, 10), of(1, 2, 10), of(0, 3, 23)};
  Table last = of(2, 3, 3);
  EXPECT_THAT(WithholdFrom(last, before), ElementsAre(Exposed{3, "A"}));
  EXPECT_THAT(WithheldIn(last), ElementsAre("A"));
}

}  // namespace
}  // namespace caseledger::disclosure
