// Facts of the same time: directory, person, contact, case, participant, consent, the rest,
// endings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

using testing::ElementsAre;

constexpr char kNoon[] = "2024-03-01T12:00:00+07:00";

std::string Row(const std::string& text) {
  std::string row = text;
  for (size_t at = row.find('@'); at != std::string::npos; at = row.find('@')) {
    row.replace(at, 1, kNoon);
  }
  return row + "\n";
}

TEST(Order, TiesGoFromDirectoryToEndings) {
  const Loaded loaded =
      LoadFiles({{"therapy_episodes",
                  "episode_id,case_id,person_id,screened_at,enrolled_at,ended_at,end_reason\n" +
                      Row("T-1,K-1,P-1,@,@,@,reintegrated")},
                 {"consents", "person_id,purposes,given_by,given_at,withdrawn_at\n" +
                                  Row("P-1,services,self,@,")},
                 {"participants", "case_id,person_id,role\nK-1,P-1,client\n"},
                 {"cases", kCaseHeader + Row("K-1,trafficking,,@,a-1,,,C-1,@,goals_met,")},
                 {"contacts", kContactHeader + Row("C-1,phone,1,@,@,counselled,child,,,,K-1")},
                 {"persons", kPersonHeader + Row("P-1,A,,,,,,")}});
  EXPECT_THAT(loaded.IssueLines(), ElementsAre());
  EXPECT_THAT(NamesOf(FactsOfDataset(loaded.Context())),
              ElementsAre("person_registered", "contact_received", "case_opened",
                          "participant_added", "consent_given", "contact_classified",
                          "contact_linked_to_case", "therapy_screened", "therapy_enrolled",
                          "contact_ended", "therapy_ended", "case_closed"));
}

TEST(Order, UnitsComeAfterTheUnitsAboveThem) {
  const Loaded loaded = LoadFiles({{"admin_units",
                                    "code,version,kind,name,parent_code\n"
                                    "06658,2024,commune,C,193\n193,2024,district,B,22\n"
                                    "22,2024,province,A,\n"}});
  std::vector<std::string> codes;
  for (const PlannedFact& fact : FactsOfDataset(loaded.Context())) {
    codes.push_back(fact.fact.admin_unit_registered().code());
  }
  EXPECT_THAT(codes, ElementsAre("22", "193", "06658"));
}

TEST(Order, FilesAreMergedByTime) {
  const Loaded sample = LoadSample();
  const auto facts = FactsOfDataset(sample.Context());
  EXPECT_TRUE(std::ranges::is_sorted(facts, {}, &PlannedFact::occurred_at));
}

TEST(Order, TheOrderOfRowsInAFileDoesNotMatterForTheirRequests) {
  const std::string a = Row("C-1,phone,1,@,,,child,,,,");
  const std::string b = Row("C-2,phone,1,@,,,other,,,,");
  const auto ids = [](const Loaded& loaded) {
    std::set<std::string> requests;
    for (const PlannedFact& fact : FactsOfDataset(loaded.Context())) {
      requests.insert(ToCommand(fact, ImportIds("l", "s")).SerializeAsString());
    }
    return requests;
  };
  EXPECT_EQ(ids(LoadFiles({{"contacts", kContactHeader + a + b}})),
            ids(LoadFiles({{"contacts", kContactHeader + b + a}})));
}

}  // namespace
}  // namespace caseledger::cli
