// Figures asked in units of another version than the one in which the facts were recorded.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/report_facts/definition.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using options::v1::RECORD_KIND_ADMIN_UNITS;
using options::v1::RECORD_KIND_PROGRAMME;
using ::testing::ElementsAre;
using ::testing::Pair;

// Before: province P with districts A (communes a1, a2) and B (b1). After: P with X (x1, x2) and Y
// (y1). Codes of the versions are the same, as they are in life.
class ReportUnits : public ::testing::Test {
 protected:
  ReportUnits() {
    Unit("22", "old", "province", "");
    Unit("200", "old", "district", "22");
    Unit("1", "old", "commune", "200");
    Unit("2", "old", "commune", "200");
    Unit("203", "old", "district", "22");
    Unit("3", "old", "commune", "203");
    Unit("22", "new", "province", "");
    Unit("203", "new", "district", "22");
    Unit("1", "new", "commune", "203");
    Unit("2", "new", "commune", "203");
    Unit("200", "new", "district", "22");
    Unit("3", "new", "commune", "200");
  }

  void Unit(const std::string& code, const std::string& version, const std::string& kind,
            const std::string& parent) {
    ledger_.Record(RECORD_KIND_ADMIN_UNITS, version, "2020-01-01",
                   "admin_unit_registered { code: '" + code + "' version: '" + version +
                       "' kind: '" + kind + "' name: 'x' parent_code: '" + parent + "' }");
  }
  // That `after` took over a share of `before`; both as CODE@VERSION.
  static std::string Fact(const std::string& after, const std::string& before, int millionths) {
    const auto code = [](const std::string& unit) { return unit.substr(0, unit.find('@')); };
    const auto version = [](const std::string& unit) { return unit.substr(unit.find('@') + 1); };
    return "unit_succession_recorded { code: '" + code(after) + "' version: '" + version(after) +
           "' predecessor { code: '" + code(before) + "' version: '" + version(before) +
           "' } share_millionths: " + std::to_string(millionths) + " source: 'x' }";
  }
  std::string TakeOver(const std::string& after, const std::string& before,
                       int millionths = 1'000'000) {
    return ledger_.Record(RECORD_KIND_ADMIN_UNITS, after.substr(after.find('@') + 1), "2020-01-01",
                          Fact(after, before, millionths));
  }
  // A case in that unit.
  void Open(const std::string& unit, const std::string& name = "c") {
    const size_t at = unit.find('@');
    OpenCase(ledger_, name, "2024-01-01",
             "unit { code: '" + unit.substr(0, at) + "' version: '" + unit.substr(at + 1) + "' }");
  }
  static std::string Within(const std::string& places) {
    return "fact: 'case_open' count: 'case' filters { field: 'case.unit' " + places + " }";
  }
  static std::string Place(const std::string& unit) {
    const size_t at = unit.find('@');
    return "within { code: '" + unit.substr(0, at) + "' version: '" + unit.substr(at + 1) + "' } ";
  }
  // The figure of cases in the places, and how many cannot be attributed to them.
  std::pair<int64_t, uint64_t> In(const std::string& places) const {
    return In(places, ledger_.size());
  }
  std::pair<int64_t, uint64_t> In(const std::string& places, uint64_t as_of) const {
    return {Figure(ledger_, Within(places), as_of),
            NotAttributable(ledger_, Within(places), as_of)};
  }
  static std::string SplitBy(const std::string& version, const std::string& kind) {
    return "fact: 'case_open' count: 'case' by { field: 'case.unit' unit_version: '" + version +
           "' " + (kind.empty() ? "" : "unit_kinds: '" + kind + "'") + " }";
  }
  Groups By(const std::string& version, const std::string& kind) const {
    return GroupsOf(ledger_, SplitBy(version, kind));
  }

  Ledger ledger_;
};

using Answer = std::pair<int64_t, uint64_t>;
constexpr Answer kYes{1, 0};
constexpr Answer kNo{0, 0};
constexpr Answer kNobodyKnows{0, 1};

TEST_F(ReportUnits, AUnitTakenOverAsAWholeGoesWhereItWent) {
  TakeOver("1@new", "1@old");
  Open("1@old");
  EXPECT_EQ(In(Place("1@new")), kYes);
  EXPECT_EQ(In(Place("203@new")), kYes);
  EXPECT_EQ(In(Place("22@new")), kYes);
  EXPECT_EQ(In(Place("2@new")), kNo);
  EXPECT_EQ(In(Place("200@new")), kNo);
  EXPECT_EQ(In(Place("200@old")), kYes) << "its own version";
  EXPECT_EQ(In(Place("203@old")), kNo);
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("203@new", 1)));
  EXPECT_THAT(By("new", ""), ElementsAre(Pair("1@new", 1)));
  EXPECT_THAT(By("old", "district"), ElementsAre(Pair("200@old", 1)));
}

TEST_F(ReportUnits, AUnitDividedWithinOneDistrictBelongsToThatDistrict) {
  TakeOver("1@new", "1@old", 400'000);
  TakeOver("2@new", "1@old", 600'000);
  Open("1@old");
  EXPECT_EQ(In(Place("203@new")), kYes);
  EXPECT_EQ(In(Place("1@new")), kNobodyKnows);
  EXPECT_EQ(In(Place("2@new")), kNobodyKnows);
  EXPECT_EQ(In(Place("1@new") + Place("2@new")), kYes) << "the places are asked for together";
  EXPECT_EQ(In(Place("3@new")), kNo);
  EXPECT_EQ(In(Place("200@new")), kNo);
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("203@new", 1)));
  EXPECT_THAT(By("new", "commune"), ElementsAre(Pair("not_attributable", 1)));
}

TEST_F(ReportUnits, AUnitDividedBetweenDistrictsBelongsToNoneOfThem) {
  TakeOver("1@new", "1@old", 500'000);
  TakeOver("3@new", "1@old", 500'000);
  Open("1@old");
  Open("3@new", "d");
  EXPECT_EQ(In(Place("203@new")), kNobodyKnows);
  EXPECT_EQ(In(Place("200@new")), (Answer{1, 1}));
  EXPECT_EQ(In(Place("22@new")), (Answer{2, 0})) << "both are in the province";
  EXPECT_EQ(In(Place("2@new")), kNo);
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("200@new", 1), Pair("not_attributable", 1)));
  EXPECT_EQ(Figure(ledger_, SplitBy("new", "district")), 2) << "nothing is dropped";
}

TEST_F(ReportUnits, ARemainderOfWhichNothingIsKnownMayLieAnywhere) {
  const std::string whole = TakeOver("1@new", "1@old", 998'000);
  Open("1@old");
  EXPECT_EQ(In(Place("203@new")), kYes) << "two thousandths are rounding";
  ledger_.Correct(RECORD_KIND_ADMIN_UNITS, "new", whole, Fact("1@new", "1@old", 997'999));
  EXPECT_EQ(In(Place("203@new")), kNobodyKnows);
  EXPECT_EQ(In(Place("200@new")), kNobodyKnows) << "where the rest may lie";
  EXPECT_THAT(By("new", "province"), ElementsAre(Pair("not_attributable", 1)));
}

TEST_F(ReportUnits, WithoutSuccessionsNothingIsAttributedNorDropped) {
  Open("1@old");
  EXPECT_EQ(In(Place("22@new")), kNobodyKnows);
  EXPECT_EQ(In(Place("203@new")), kNobodyKnows);
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("not_attributable", 1)));
  EXPECT_THAT(By("", "district"), ElementsAre(Pair("200@old", 1))) << "each in its own version";
  TakeOver("2@new", "2@old");
  EXPECT_EQ(In(Place("22@new")), kNobodyKnows) << "what became of another unit says nothing of it";
}

TEST_F(ReportUnits, PlacesOfTheOwnVersionDecideWhenThereAreAny) {
  TakeOver("1@new", "1@old");
  Open("1@old");
  EXPECT_EQ(In(Place("203@old") + Place("203@new")), kNo);
  EXPECT_EQ(In(Place("200@old") + Place("200@new")), kYes);
}

TEST_F(ReportUnits, OfUnknownVersionNobodyKnows) {
  OpenCase(ledger_, "c", "2024-01-01", "unit { code: '1' }");
  EXPECT_EQ(In(Place("203@new")), kNobodyKnows);
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("not_attributable", 1)));
  EXPECT_THAT(By("", "district"), ElementsAre(Pair("", 1)));
  OpenCase(ledger_, "nowhere", "2024-01-01", "case_type: 'trafficking'");
  EXPECT_EQ(In(Place("203@new")), kNobodyKnows) << "no unit at all is no unit of another version";
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("not_attributable", 1), Pair("", 1)));
}

TEST_F(ReportUnits, BackwardsAllOfWhichAUnitWasMadeMustLieThere) {
  TakeOver("1@new", "1@old");
  TakeOver("1@new", "2@old", 100'000);
  Open("1@new");
  EXPECT_EQ(In(Place("200@old")), kYes);
  EXPECT_EQ(In(Place("1@old") + Place("2@old")), kYes);
  EXPECT_EQ(In(Place("1@old")), kNobodyKnows);
  EXPECT_EQ(In(Place("203@old")), kNo);
  EXPECT_THAT(By("old", "district"), ElementsAre(Pair("200@old", 1)));
  EXPECT_THAT(By("old", "commune"), ElementsAre(Pair("not_attributable", 1)));
  TakeOver("1@new", "3@old", 1);
  EXPECT_EQ(In(Place("200@old")), kNobodyKnows) << "of another district, however little";
  EXPECT_EQ(In(Place("203@old")), kNobodyKnows);
  EXPECT_EQ(In(Place("22@old")), kYes);
  EXPECT_THAT(By("old", "district"), ElementsAre(Pair("not_attributable", 1)));
}

TEST_F(ReportUnits, SeveralVersionsAreFollowedOneAfterAnotherEitherWay) {
  Unit("22", "newest", "province", "");
  Unit("7", "newest", "commune", "22");
  Unit("8", "newest", "commune", "22");
  TakeOver("1@new", "1@old", 500'000);
  TakeOver("2@new", "1@old", 500'000);
  TakeOver("7@newest", "1@new");
  Open("1@old");
  Open("7@newest", "d");
  EXPECT_EQ(In(Place("7@newest")), (Answer{1, 1})) << "the other half went nowhere yet";
  TakeOver("7@newest", "2@new");
  EXPECT_EQ(In(Place("7@newest")), (Answer{2, 0}));
  EXPECT_EQ(In(Place("8@newest")), kNo);
  EXPECT_EQ(In(Place("1@old")), (Answer{2, 0}));
  EXPECT_THAT(By("newest", "commune"), ElementsAre(Pair("7@newest", 2)));
  EXPECT_THAT(By("old", "district"), ElementsAre(Pair("200@old", 2)));
  // What is said of both versions themselves goes first.
  TakeOver("8@newest", "1@old");
  EXPECT_EQ(In(Place("8@newest")), kYes);
}

TEST_F(ReportUnits, CirclesEnd) {
  TakeOver("1@new", "1@old", 1);
  TakeOver("1@old", "1@new", 1);
  TakeOver("5@third", "1@new");
  TakeOver("1@old", "5@third");
  TakeOver("6@fourth", "9@nobody");
  Open("2@old");
  EXPECT_EQ(In(Place("6@fourth")), kNobodyKnows);
  EXPECT_EQ(In(Place("5@third")), kNobodyKnows);
}

TEST_F(ReportUnits, WhatIsRecordedOfTheUnitAboveHoldsForAllBelow) {
  TakeOver("22@new", "22@old");
  Open("1@old");
  EXPECT_EQ(In(Place("22@new")), kYes);
  EXPECT_EQ(In(Place("203@new")), kNobodyKnows) << "somewhere in the province";
  EXPECT_THAT(By("new", "province"), ElementsAre(Pair("22@new", 1)));
  EXPECT_THAT(By("new", "district"), ElementsAre(Pair("not_attributable", 1)));
  TakeOver("3@new", "1@old", 300'000);
  EXPECT_EQ(In(Place("22@new")), kYes) << "too little is recorded of the unit itself";
  TakeOver("1@new", "1@old", 700'000);
  EXPECT_EQ(In(Place("2@new")), kNo) << "now it goes its own way";
}

TEST_F(ReportUnits, AsOfBeforeTheyWereRecordedSuccessionsChangeNothing) {
  Open("1@old");
  const uint64_t before = ledger_.size();
  const std::string event = TakeOver("1@new", "1@old");
  const uint64_t recorded = ledger_.size();
  ledger_.Correct(RECORD_KIND_ADMIN_UNITS, "new", event, Fact("3@new", "1@old", 1'000'000));
  const uint64_t corrected = ledger_.size();
  ledger_.Void(RECORD_KIND_ADMIN_UNITS, "new", event);
  EXPECT_EQ(In(Place("203@new"), before), kNobodyKnows);
  EXPECT_EQ(In(Place("203@new"), recorded), kYes);
  EXPECT_EQ(In(Place("203@new"), corrected), kNo);
  EXPECT_EQ(In(Place("200@new"), corrected), kYes);
  EXPECT_EQ(In(Place("200@new")), kNobodyKnows) << "voided";
  const auto by = [&](uint64_t as_of) {
    return GroupsOf(ledger_, SplitBy("new", "district"), as_of);
  };
  EXPECT_THAT(by(before), ElementsAre(Pair("not_attributable", 1)));
  EXPECT_THAT(by(recorded), ElementsAre(Pair("203@new", 1)));
  EXPECT_THAT(by(corrected), ElementsAre(Pair("200@new", 1)));
  EXPECT_THAT(by(ledger_.size()), ElementsAre(Pair("not_attributable", 1)));
}

TEST_F(ReportUnits, BesideTheFigureStandsByHowMuchItCouldBeMore) {
  Open("1@new", "in");
  Open("1@old", "unsure");
  Serve(ledger_, "in", "2024-02-01", "medical_care", "ann");
  Serve(ledger_, "unsure", "2024-02-02", "medical_care", "ann");
  Serve(ledger_, "unsure", "2024-02-02", "medical_care", "binh");
  Serve(ledger_, "unsure", "2024-02-03", "medical_care", "binh");
  Serve(ledger_, "unsure", "2024-02-03", "legal_procedure_support", "chi");
  const std::string of_kind = "fact: 'service_delivered' filters { field: 'case.unit' " +
                              Place("203@new") +
                              "} filters { field: 'kind' any_of: 'medical_care' } ";
  const auto both = [&](const std::string& counted) {
    return Answer{Figure(ledger_, of_kind + counted), NotAttributable(ledger_, of_kind + counted)};
  };
  EXPECT_EQ(both(""), (Answer{1, 3}));
  EXPECT_EQ(both("persons: 'beneficiary_person_ids' count: 'person'"), (Answer{1, 1}))
      << "ann is counted already";
  EXPECT_EQ(both("sum: 'minutes'"), (Answer{30, 90}));
  EXPECT_EQ(both("count: 'case'"), (Answer{1, 1}));
}

TEST_F(ReportUnits, OneOfSeveralUnitsIsEnough) {
  const auto programme = [&](const std::string& name, const std::string& units) {
    ledger_.Record(RECORD_KIND_PROGRAMME, name, "2024-01-01",
                   "programme_recorded { kind: 'safe_city' " + units +
                       " valid_from_time { seconds: 1704042000 } }");
  };
  programme("both", "units { code: '1' version: 'old' } units { code: '1' version: 'new' }");
  programme("old", "units { code: '1' version: 'old' } units { code: '2' version: 'old' }");
  const std::string body = "fact: 'programme_validity' count: 'record' filters { field: 'units' " +
                           Place("203@new") + "} ";
  EXPECT_EQ(Figure(ledger_, body), 1);
  EXPECT_EQ(NotAttributable(ledger_, body), 1u);
  EXPECT_THAT(GroupsOf(ledger_,
                       "fact: 'programme_validity' count: 'record' by { field: 'units' "
                       "unit_version: 'new' unit_kinds: 'district' }"),
              ElementsAre(Pair("203@new", 1), Pair("not_attributable", 2)));
}

TEST_F(ReportUnits, OnlyUnitsHaveAVersion) {
  const auto definition = ParseReportDefinition(
      Definition("indicators { row: 'A' unit: 'x' label_vi: 'A' fact: 'contact_ended' "
                 "by { field: 'outcome' unit_version: '2024' } }"));
  EXPECT_EQ(definition.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(definition.status().message()),
              ::testing::HasSubstr("unit_version, but `outcome` is no administrative unit"));
}

}  // namespace
}  // namespace caseledger::projections
