// A case's state survives its snapshot, and a damaged snapshot is noticed.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "services/domain/archive.h"
#include "tests/services/case_record/case_under_test.h"

namespace caseledger::testing {
namespace {

using domain::CaseState;
using domain::Reason;

// One thing of every sub-state.
CaseUnderTest FullCase() {
  CaseUnderTest record = OpenCase();
  record.Given(1, VictimStatus("SUSPECTED"));
  record.Given(1, Drafted("P"));
  record.Given(1, Service("V"));
  record.Given(1, Screened("E"));
  record.Given(1, Enrolled("E"));
  record.Given(2, Session("E", "X"));
  record.Given(2, Emergency("M"));
  record.Given(2, Ban("B1", 2, 9));
  record.Given(2, Separation("S1", 2, 9));
  record.Given(2, Sent("R", "shared_fields: 'name' " + TimeField("expire_time", 9)));
  record.Given(2, TransferRequested("T1"));
  record.Given(2, HoldPlaced("H"));
  record.Given(2, StayOpens("1", "lan"));
  return record;
}

TEST(CaseSnapshotTest, RestoredStateIsTheSameAndJudgesTheSame) {
  const CaseUnderTest record = FullCase();
  CaseState state = record.state();
  const std::string bytes = domain::Save(state);
  std::optional<CaseState> restored = domain::Restore<CaseState>(bytes);
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(domain::Save(*restored), bytes);
  EXPECT_EQ(domain::ClosureBlockers(*restored, AtHour(3)).size(), 4u);
  EXPECT_EQ(restored->plans.plans.at("P").drafter, "an");
  EXPECT_EQ(restored->referrals.referrals.at("R").expire_at, AtHour(9));
  EXPECT_TRUE(restored->holds.IsInForce("H"));
}

TEST(CaseSnapshotTest, TruncatedBytesAreRefused) {
  CaseState state = FullCase().state();
  const std::string bytes = domain::Save(state);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(domain::Restore<CaseState>(bytes.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(domain::Restore<CaseState>(bytes + '\0').has_value());
}

TEST(CaseSnapshotTest, ByteThatIsNoBoolIsRefused) {
  bool flag = true;
  domain::ArchiveWriter writer;
  writer(flag);
  std::string bytes = writer.Take();
  bytes[0] = 21;
  domain::ArchiveReader reader(bytes);
  reader(flag);
  EXPECT_FALSE(reader.Finished());
  EXPECT_FALSE(flag);
}

TEST(CaseSnapshotTest, HoldsNothingPersonal) {
  CaseUnderTest record = OpenCase();
  record.Given(1,
               "plan_drafted { plan_id: 'P' content_hash: 'h' private_part { text: 'SECRET' "
               "salt: 'SECRET' } }");
  record.Given(1,
               "service_delivered { service_id: 'V' beneficiary_person_ids: 'mai' "
               "note { text: 'SECRET' } }");
  record.Given(1, Sent("R", "note { text: 'SECRET' }"));
  CaseState state = record.state();
  EXPECT_EQ(domain::Save(state).find("SECRET"), std::string::npos);
}

}  // namespace
}  // namespace caseledger::testing
