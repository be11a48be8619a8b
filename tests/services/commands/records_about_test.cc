// Which records are looked at when a person asks what is held about them.
#include "services/commands/records_about.h"

#include <map>

#include "services/commands/committed_view.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

eventstore::StreamId PersonStream(int number) {
  return {static_cast<uint32_t>(RecordKind::RECORD_KIND_PERSON), *Uuid::Parse(Id(number))};
}

class RecordsAboutTest : public ::testing::Test {
 protected:
  RecordsAboutTest() {
    centre_.RegisterAgencies();
    for (int person : {1, 2, 3}) centre_.RegisterPerson(person);
  }
  absl::StatusOr<commands::RecordsAbout> Find(int person) {
    commands::CommittedView view(centre_.log(), AtHour(20'000));
    return commands::FindRecordsAbout(view, PersonStream(person));
  }

  Centre centre_;
};

TEST_F(RecordsAboutTest, EachStandsToThePersonAsTheirRoleSays) {
  centre_.OpenCase(100, {1});
  centre_.OpenCase(101, {1, 2});
  centre_.OpenCase(102, {2});
  centre_.Given(Id(102), 5,
                "participant_added { person_id: '" + Id(1) + "' role: PARTICIPANT_ROLE_REPORTER }");
  centre_.OpenCase(103, {3});
  const auto found = Find(1);
  ASSERT_TRUE(found.ok()) << found.status();
  std::map<std::string, const commands::RecordAbout*> by_id;
  for (const commands::RecordAbout& record : found->records) {
    EXPECT_TRUE(by_id.emplace(record.record.id.ToString(), &record).second) << "twice";
  }
  EXPECT_EQ(found->records.front().record, PersonStream(1));
  EXPECT_TRUE(found->records.front().standing.own);
  ASSERT_TRUE(by_id.contains(Id(100)) && by_id.contains(Id(101)) && by_id.contains(Id(102)));
  EXPECT_FALSE(by_id.contains(Id(103))) << "it does not name them";
  EXPECT_TRUE(by_id[Id(100)]->standing.client && by_id[Id(100)]->standing.alone);
  EXPECT_TRUE(by_id[Id(101)]->standing.client && !by_id[Id(101)]->standing.alone);
  EXPECT_EQ(by_id[Id(102)]->reason, v1::KEPT_BACK_REASON_ROLE);
}

TEST_F(RecordsAboutTest, WhoIsUnknownOrMergedAwayHasNone) {
  EXPECT_EQ(ReasonIdOf(Find(77).status()), "RECORD_UNKNOWN");
  centre_.Given(Id(1), 9, "persons_merged { merged_person_id: '" + Id(2) + "' }", Supervisor());
  EXPECT_EQ(ReasonIdOf(Find(2).status()), "MERGED_AWAY");
  const auto found = Find(1);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->copy.person_ids(), (std::set<std::string>{Id(1), Id(2)}));
}

TEST_F(RecordsAboutTest, MoreThanOneExportHoldsIsRefused) {
  for (size_t i = 0; i <= commands::kMostRecordsAbout; ++i) {
    centre_.OpenCase(1'000 + static_cast<int>(i), {3});
  }
  EXPECT_EQ(ReasonIdOf(Find(3).status()), "TOO_MANY_RECORDS");
}

}  // namespace
}  // namespace caseledger::testing
