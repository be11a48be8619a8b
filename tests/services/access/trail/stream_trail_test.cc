// What a server stream leaves on the trail, however it ends.
#include "services/access/trail/stream_trail.h"

#include <set>

#include "tests/services/access/trail/trail_fixture.h"

namespace caseledger::access {
namespace {

using namespace caseledger::testing;  // NOLINT: the fixture
using event::v1::RecordAccessed;
using ::testing::StartsWith;

const Call kLan = CallOf("ctxh-qn", "lan");
constexpr auto kCaseKind = options::v1::RECORD_KIND_CASE_RECORD;

class StreamTrailTest : public TrailTest {
 protected:
  std::unique_ptr<StreamTrail> Open() {
    RecordAccessed about;
    about.set_action("ReplayLedger");
    about.set_query("from_position=0");
    about.set_level("personal");
    about.set_rule_line(7);
    auto stream = StreamTrail::Open(*trail_, kLan, about);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return *std::move(stream);
  }
  std::vector<RecordAccessed> Entries() {
    std::vector<RecordAccessed> entries;
    for (const auto& event : AllEntries()) entries.push_back(FactOf(event).record_accessed());
    return entries;
  }
};

TEST_F(StreamTrailTest, OpeningIsDurableBeforeAnythingIsSent) {
  const auto stream = Open();
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].stage(), event::v1::TRAIL_STAGE_OPENED);
  EXPECT_EQ(entries[0].action(), "ReplayLedger");
  EXPECT_EQ(entries[0].query(), "from_position=0");
  EXPECT_EQ(entries[0].events(), 0u);
  EXPECT_TRUE(entries[0].records().empty());
}

TEST_F(StreamTrailTest, EveryThousandEventsAreDurableBeforeTheStreamGoesOn) {
  const auto stream = Open();
  for (int i = 0; i < 999; ++i) {
    ASSERT_TRUE(stream->Note(kCaseKind, NamedId(std::to_string(i % 10))).ok());
  }
  EXPECT_EQ(Entries().size(), 1u);
  ASSERT_TRUE(stream->Note(kCaseKind, NamedId("10")).ok());
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].stage(), event::v1::TRAIL_STAGE_CONTINUED);
  EXPECT_EQ(entries[1].events(), 1000u);
  EXPECT_EQ(entries[1].records_size(), 11);
  EXPECT_EQ(entries[1].action(), "ReplayLedger");
  EXPECT_EQ(entries[1].level(), "personal");
  EXPECT_EQ(entries[1].rule_line(), 7u);
  EXPECT_EQ(entries[1].query(), "");
}

TEST_F(StreamTrailTest, ALongHistoryTakesAsManyEntriesAsItNeeds) {
  const auto stream = Open();
  ASSERT_TRUE(stream->Note(kCaseKind, NamedId("a"), 2500).ok());
  ASSERT_TRUE(stream->Close().ok());
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[1].events(), 1000u);
  EXPECT_EQ(entries[2].events(), 1000u);
  EXPECT_EQ(entries[3].events(), 500u);
  for (size_t i = 1; i < entries.size(); ++i) {
    ASSERT_EQ(entries[i].records_size(), 1);
    EXPECT_EQ(entries[i].records(0).record_id(), NamedId("a").ToString());
  }
}

TEST_F(StreamTrailTest, RecordsWithoutEventsAreBoundedToo) {
  const auto stream = Open();
  for (int i = 0; i < 1500; ++i) {
    ASSERT_TRUE(stream->Note(kCaseKind, NamedId(std::to_string(i)), 0).ok());
  }
  ASSERT_TRUE(stream->Close().ok());
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1].records_size(), 1000);
  EXPECT_EQ(entries[2].records_size(), 500);
  std::set<std::string> ids;
  for (const RecordAccessed& entry : entries) {
    for (const auto& record : entry.records()) ids.insert(record.record_id());
  }
  EXPECT_EQ(ids.size(), 1500u);
}

TEST_F(StreamTrailTest, ClosingTellsTheRestOnce) {
  auto stream = Open();
  ASSERT_TRUE(stream->Note(kCaseKind, NamedId("a"), 3).ok());
  ASSERT_TRUE(stream->Close().ok());
  ASSERT_TRUE(stream->Close().ok());
  stream.reset();
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].stage(), event::v1::TRAIL_STAGE_CLOSED);
  EXPECT_EQ(entries[1].events(), 3u);
  ASSERT_EQ(entries[1].records_size(), 1);
}

TEST_F(StreamTrailTest, AStreamWhoseClientVanishedIsClosedAllTheSame) {
  auto stream = Open();
  ASSERT_TRUE(stream->Note(kCaseKind, NamedId("a"), 3).ok());
  stream.reset();
  log_->Close();  // finishes what was accepted
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].stage(), event::v1::TRAIL_STAGE_CLOSED);
  EXPECT_EQ(entries[1].events(), 3u);
}

TEST_F(StreamTrailTest, EntriesNameTheOneThatOpenedTheStream) {
  const auto one = Open();
  const auto other = Open();
  ASSERT_TRUE(other->Close().ok());
  ASSERT_TRUE(one->Note(kCaseKind, NamedId("a"), 1000).ok());
  const auto entries = AllEntries();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[2].origin.causation_id, entries[1].event_id);
  EXPECT_EQ(entries[3].origin.causation_id, entries[0].event_id);
}

TEST_F(StreamTrailTest, WithoutATrailNothingBeginsAndNothingGoesOn) {
  const auto stream = Open();
  ASSERT_TRUE(stream->Note(kCaseKind, NamedId("a"), 999).ok());
  log_->Close();
  const absl::Status status = stream->Note(kCaseKind, NamedId("a"));
  EXPECT_THAT(std::string(status.message()), StartsWith("TRAIL_UNAVAILABLE: "));
  EXPECT_FALSE(stream->Close().ok());
  EXPECT_TRUE(absl::IsUnavailable(StreamTrail::Open(*trail_, kLan, {}).status()));
}

}  // namespace
}  // namespace caseledger::access
