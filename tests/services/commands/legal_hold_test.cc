// Legal holds: who places and lifts them, and how a case shows them. What they stop is in
// erasure_test.
#include <string>

#include "services/commands/case_query.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using ::testing::HasSubstr;

constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr int kCase = 100;

std::string Held(const std::string& key) {
  return absl::StrCat("legal_hold_placed { hold_id: '", key,
                      "' basis: 'Court of Ha Long' document_number: '12/2026/QD-TA' }");
}
std::string HoldLifted(const std::string& key) {
  return absl::StrCat("legal_hold_lifted { hold_id: '", key,
                      "' document_number: '19/2026/QD-TA' }");
}

class LegalHoldTest : public ::testing::Test {
 protected:
  LegalHoldTest() {
    centre_.RegisterAgencies();
    centre_.RegisterPerson(1);
    centre_.OpenCase(kCase, {1});
  }

  v1::GetCaseResponse Case() {
    return *commands::GetCase(
        centre_.log(), {static_cast<uint32_t>(kCaseKind), *Uuid::Parse(Id(kCase))}, AtHour(20'000));
  }

  Centre centre_;
};

TEST_F(LegalHoldTest, AreShownWithTheirEffectUntilTheyAreLifted) {
  centre_.Given(Id(kCase), 2, Held("a"), LegalOfficer());
  centre_.Given(Id(kCase), 3, Held("b"), LegalOfficer());
  centre_.Given(Id(kCase), 4, HoldLifted("a"), LegalOfficer());
  const v1::GetCaseResponse shown = Case();
  ASSERT_EQ(shown.legal_holds_size(), 1);
  const v1::CaseLegalHold& hold = shown.legal_holds(0);
  EXPECT_EQ(hold.hold_id(), "b");
  EXPECT_EQ(hold.basis(), "Court of Ha Long");
  EXPECT_EQ(hold.document_number(), "12/2026/QD-TA");
  EXPECT_EQ(hold.placed_time().seconds(), AtHour(3) / 1'000'000);
  EXPECT_EQ(hold.reason(), "ERASURE_LEGAL_HOLD");
  EXPECT_THAT(hold.effect_vi(), HasSubstr("lưu giữ"));
  EXPECT_THAT(hold.effect_en(), HasSubstr("may be erased until the hold is lifted"));
}

TEST_F(LegalHoldTest, AreTheLegalOfficersAlone) {
  for (const Caller& caller : {Worker(), Supervisor(), PrivacyOfficer(), Auditor()}) {
    EXPECT_NE(ReasonIdOf(centre_.Try(Id(kCase), 2, Held("h"), caller)), "OK") << caller.actor;
  }
  const std::string placed = centre_.Given(Id(kCase), 2, Held("h"), LegalOfficer());
  for (const Caller& caller : {Worker(), Supervisor(), PrivacyOfficer()}) {
    EXPECT_NE(ReasonIdOf(centre_.Try(Id(kCase), 3, HoldLifted("h"), caller)), "OK");
  }
  // Whoever could void the hold would lift it: also a supervisor of the very office.
  const Caller chief{"chief", "so-tp", {"supervisor", "legal_officer"}, "court order"};
  const Caller deputy{"deputy", "so-tp", {"supervisor", "privacy_officer"}, "court order"};
  EXPECT_NE(ReasonIdOf(centre_.Void(kCaseKind, Id(kCase), placed, Supervisor())), "OK");
  EXPECT_NE(ReasonIdOf(centre_.Void(kCaseKind, Id(kCase), placed, deputy)), "OK");
  EXPECT_EQ(ReasonIdOf(centre_.Void(kCaseKind, Id(kCase), placed, chief)), "OK");
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kCase), 3, "legal_hold_placed { hold_id: 'i' basis: 'x' }",
                                   LegalOfficer())),
            "INVALID_REQUEST")
      << "a hold has the number of a document";
}

TEST_F(LegalHoldTest, AreNotVoidedBySupervisorsOfTheOffice) {
  const Caller in_house{"luat", "hotline", {"legal_officer"}, "court order"};
  const std::string placed = centre_.Given(Id(kCase), 2, Held("h"), in_house);
  EXPECT_EQ(ReasonIdOf(centre_.Void(kCaseKind, Id(kCase), placed, Supervisor())),
            "CORRECTION_NOT_ALLOWED");
  EXPECT_EQ(ReasonIdOf(centre_.Void(kCaseKind, Id(kCase), placed, in_house)), "OK");
}

}  // namespace
}  // namespace caseledger::testing
