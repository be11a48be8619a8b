// Every way in which a case refuses a fact.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/services/case_record/rejection_rows.h"

namespace caseledger::testing {
namespace {

using domain::Reason;

std::vector<Row> AllRows() {
  std::vector<Row> rows;
  for (auto part :
       {WhoMay(), Phases(), PeopleAndVictims(), PlansAndTherapy(), EmergenciesAndMeasures(),
        ReferralRules(), TransfersHoldsAndStays(), Closing()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

class CaseRefuses : public ::testing::TestWithParam<Row> {};

TEST_P(CaseRefuses, WithTheReason) {
  const Row& row = GetParam();
  CaseUnderTest record = OpenCase();
  for (const Step& step : row.given) {
    record.caller = step.caller();
    record.Given(step.hour, step.fact);
  }
  if (row.but) row.but(record);
  record.caller = row.when.caller();
  const size_t facts_before = record.in_order().size();

  const absl::Status status = record.Try(row.when.hour, row.when.fact);

  ASSERT_FALSE(status.ok());
  ASSERT_TRUE(domain::ReasonOf(status).has_value()) << status;
  EXPECT_EQ(domain::TextOf(*domain::ReasonOf(status)).id, domain::TextOf(row.reason).id);
  if (!row.item.empty()) {
    EXPECT_EQ(domain::ItemOf(status), row.item);
  }
  EXPECT_EQ(record.in_order().size(), facts_before);
}

INSTANTIATE_TEST_SUITE_P(Rows, CaseRefuses, ::testing::ValuesIn(AllRows()),
                         [](const auto& row) { return row.param.name; });

TEST(CaseReasonsTest, EveryReasonHasARow) {
  std::set<Reason> produced;
  for (const Row& row : AllRows()) produced.insert(row.reason);
  const std::vector<Reason> own = {
#define CASELEDGER_REASON(name, code, id, vi, en) Reason::name,
#include "services/domain/reasons/case_record.inc"
#include "services/domain/reasons/referral.inc"
#undef CASELEDGER_REASON
  };
  for (const Reason reason : own) {
    EXPECT_TRUE(produced.contains(reason)) << domain::TextOf(reason).id;
  }
}

}  // namespace
}  // namespace caseledger::testing
