// Committed heads against the events, offline.
#include "services/app/audit/heads_rule.h"

#include "caseledger/event/v1/fact.pb.h"
#include "gmock/gmock.h"
#include "tests/services/audit/signed_centre.h"

namespace caseledger::testing {
namespace {

using eventstore::RecordedEvent;
using ::testing::HasSubstr;

class HeadsRuleTest : public ::testing::Test {
 protected:
  HeadsRuleTest() : signed_(directory_ / "server") {
    for (const int number : {1, 2, 3}) {
      signed_.RecordCase(number);
      EXPECT_TRUE(signed_.centre().ledger().parts.heads->Commit().ok());
    }
    const auto page = signed_.centre().log().ReadLedger(0, 0);
    EXPECT_TRUE(page.ok());
    events_ = *page;
  }

  absl::Status Run(uint64_t* commits = nullptr) const {
    audit::HeadsRule rule;
    absl::Status status;
    for (const RecordedEvent& event : events_) {
      status.Update(rule.Take(event));
      if (!status.ok()) break;
    }
    status.Update(rule.Finish());
    if (commits != nullptr) *commits = rule.commits();
    return status;
  }
  void ExpectWrong(const std::string& what) const {
    const absl::Status status = Run();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
  }
  // The n-th commit's fact, changed.
  void Change(size_t commit, const std::function<void(event::v1::HeadsCommitted&)>& change) {
    for (RecordedEvent& event : events_) {
      if (event.fact_type != event::v1::Fact::kHeadsCommitted || commit-- > 0) continue;
      event::v1::Fact fact;
      ASSERT_TRUE(fact.ParseFromString(event.fact));
      change(*fact.mutable_heads_committed());
      event.fact = fact.SerializeAsString();
      return;
    }
    FAIL() << "no such commit";
  }

  ScratchDirectory directory_;
  SignedCentre signed_;
  std::vector<RecordedEvent> events_;
  // Positions of the commits: each covers all before it, four events of a case among them.
  const uint64_t first_commit_ = signed_.begun() + 4;
  const uint64_t second_commit_ = first_commit_ + 5;
  const uint64_t third_commit_ = second_commit_ + 5;
};

TEST_F(HeadsRuleTest, TrueCommitsAreCounted) {
  uint64_t commits = 0;
  EXPECT_TRUE(Run(&commits).ok());
  EXPECT_EQ(commits, 3u);
}

TEST_F(HeadsRuleTest, ARecordsNewestEventTakenAwayIsFound) {
  // What follows is numbered on, as a forger would.
  const uint64_t newest = first_commit_ - 1;
  events_.erase(events_.begin() + static_cast<ptrdiff_t>(newest));
  for (uint64_t i = newest; i < events_.size(); ++i) events_[i].position = i;
  Change(0, [&](event::v1::HeadsCommitted& fact) { fact.set_tree_size(newest); });
  ExpectWrong(absl::StrCat("at position ", newest, " the heads that were committed over the first ",
                           newest, " events"));
}

TEST_F(HeadsRuleTest, AnEventThatIsNotTheOneCommittedToIsFound) {
  events_[first_commit_ - 1].leaf_hash.bytes[0] ^= 1;
  ExpectWrong(absl::StrCat("at position ", first_commit_));
}

TEST_F(HeadsRuleTest, AForgedRootOrCountIsFound) {
  const std::vector<RecordedEvent> good = events_;
  Change(1, [](event::v1::HeadsCommitted& fact) { (*fact.mutable_root())[31] ^= 1; });
  ExpectWrong(absl::StrCat("the first ", second_commit_, " events"));
  events_ = good;
  Change(1,
         [](event::v1::HeadsCommitted& fact) { fact.set_stream_count(fact.stream_count() + 1); });
  ExpectWrong(absl::StrCat("the first ", second_commit_, " events"));
  events_ = good;
  Change(2, [](event::v1::HeadsCommitted& fact) { fact.clear_root(); });
  ExpectWrong(absl::StrCat("the first ", third_commit_, " events"));
}

TEST_F(HeadsRuleTest, ACommitThatGoesBackOrAheadIsFound) {
  const std::vector<RecordedEvent> good = events_;
  Change(1, [](event::v1::HeadsCommitted& fact) { fact.set_tree_size(3); });
  ExpectWrong(absl::StrCat("come after heads over ", first_commit_));
  events_ = good;
  Change(1, [](event::v1::HeadsCommitted& fact) { fact.set_tree_size(1'000); });
  ExpectWrong(absl::StrCat("come after only ", second_commit_));
}

TEST_F(HeadsRuleTest, AFactOfAnotherKindUnderTheirNumberIsFound) {
  events_[first_commit_].fact = events_[0].fact;
  ExpectWrong(absl::StrCat("at position ", first_commit_));
}

}  // namespace
}  // namespace caseledger::testing
