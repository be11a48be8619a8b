// The newest events in memory: what they answer, and when they must not.
#include "eventstore/sequencer/recent_events.h"

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace caseledger::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kBytesPerEvent = 10;

StreamId Stream(uint8_t number) {
  StreamId stream{1, {}};
  stream.id.bytes[15] = number;
  return stream;
}

RecordedEvent Event(uint64_t position, uint8_t stream, uint64_t revision) {
  RecordedEvent event;
  event.position = position;
  event.stream = Stream(stream);
  event.revision = revision;
  return event;
}

SharedBatch Batch(std::vector<RecordedEvent> events) {
  const size_t bytes = events.size() * kBytesPerEvent;
  return std::make_shared<const PublishedBatch>(PublishedBatch{std::move(events), bytes});
}

class RecentEventsTest : public ::testing::Test {
 protected:
  // Positions visited, or {-1} when the stream is not wholly held.
  std::vector<int> Visited(uint8_t stream, uint64_t from_revision) const {
    std::vector<int> positions;
    const bool held = recent_.Visit(Stream(stream), from_revision, [&](const RecordedEvent& event) {
      positions.push_back(static_cast<int>(event.position));
      return true;
    });
    return held ? positions : std::vector<int>{-1};
  }

  RecentEvents recent_{4, 1000};
};

TEST_F(RecentEventsTest, AnswersForStreamsItHoldsFromTheirRevisionOn) {
  recent_.Add(Batch({Event(0, 1, 1), Event(1, 2, 7)}));
  recent_.Add(Batch({Event(2, 1, 2)}));
  EXPECT_THAT(Visited(1, 1), ElementsAre(0, 2));
  EXPECT_THAT(Visited(1, 2), ElementsAre(2));
  EXPECT_THAT(Visited(1, 3), IsEmpty());
  EXPECT_THAT(Visited(2, 7), ElementsAre(1));
  EXPECT_EQ(recent_.Newest(Stream(1))->revision, 2u);
}

TEST_F(RecentEventsTest, SaysSoWhenAnEarlierRevisionIsAskedThanItHolds) {
  recent_.Add(Batch({Event(0, 2, 7)}));
  EXPECT_THAT(Visited(2, 6), ElementsAre(-1));
  EXPECT_THAT(Visited(3, 1), ElementsAre(-1));
  EXPECT_EQ(recent_.Newest(Stream(3)), nullptr);
}

TEST_F(RecentEventsTest, DropsTheOldestBatchesBeyondItsBounds) {
  recent_.Add(Batch({Event(0, 1, 1), Event(1, 1, 2)}));
  recent_.Add(Batch({Event(2, 1, 3), Event(3, 2, 1)}));
  recent_.Add(Batch({Event(4, 3, 1)}));
  EXPECT_THAT(Visited(1, 1), ElementsAre(-1));
  EXPECT_THAT(Visited(1, 3), ElementsAre(2));
  RecentEvents small(100, kBytesPerEvent);
  small.Add(Batch({Event(0, 1, 1), Event(1, 1, 2)}));
  EXPECT_EQ(small.Newest(Stream(1)), nullptr);
}

TEST_F(RecentEventsTest, StopsWhereTheVisitorWantsNoMore) {
  recent_.Add(Batch({Event(0, 1, 1), Event(1, 1, 2)}));
  int visited = 0;
  EXPECT_TRUE(recent_.Visit(Stream(1), 1, [&](const RecordedEvent&) { return ++visited < 1; }));
  EXPECT_EQ(visited, 1);
}

TEST_F(RecentEventsTest, ForgetsWhatABatchDoesNotFollowAndKnowsWhereItEnds) {
  recent_.Add(Batch({Event(0, 1, 1)}));
  EXPECT_TRUE(recent_.EndsAt(1));
  EXPECT_FALSE(recent_.EndsAt(2)) << "somebody else has written";
  recent_.Add(Batch({Event(5, 1, 4)}));
  EXPECT_TRUE(recent_.EndsAt(6));
  EXPECT_THAT(Visited(1, 1), ElementsAre(-1));
  EXPECT_THAT(Visited(1, 4), ElementsAre(5));
}

TEST(EventListTest, GoesThroughItsPartsInOrder) {
  const auto all = std::make_shared<const std::vector<RecordedEvent>>(
      std::vector<RecordedEvent>{Event(0, 1, 1), Event(1, 1, 2), Event(2, 1, 3)});
  EventList list;
  list.Add(all, 1, 2);
  list.Add(all, 0, 0);
  list.Add(all, 0, 1);
  std::vector<uint64_t> positions;
  for (const RecordedEvent& event : list) positions.push_back(event.position);
  EXPECT_THAT(positions, ElementsAre(1, 2, 0));
  EXPECT_EQ(list.size(), 3u);
  EXPECT_EQ(list.front().position, 1u);
  EXPECT_EQ(list.back().position, 0u);
  EXPECT_EQ(list[2].position, 0u);
  EXPECT_EQ(&*list.begin(), &(*all)[1]) << "shared, not copied";
  EXPECT_TRUE(EventList().empty());
  EXPECT_TRUE(EventList(std::vector<RecordedEvent>()).begin() == EventList().end());
}

}  // namespace
}  // namespace caseledger::eventstore
