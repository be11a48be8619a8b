// A subscriber that does not read while the ledger grows past its live buffer.
#include <thread>

#include "caseledger/v1/admin.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

class SlowSubscriber : public ServerTest {
 protected:
  SlowSubscriber() { options_.log_limits.subscriber_buffer_events = 4; }

  // Contacts with long notes: far more bytes than a connection holds for a client that does not
  // read, so the server has to stop sending.
  void RecordLongContacts(int count) {
    const std::string note(20'000, 'x');
    for (int i = 0; i < count; ++i) {
      client().Record("", "contact_received { channel: 'sms' note { text: '" + note + "' } }");
    }
  }

  // The states take turns, and each says how far the subscriber is and when.
  static void ExpectChangesTakeTurns(const Subscriber& subscriber, uint64_t from,
                                     int64_t first_second, int64_t last_second) {
    bool behind = true;  // at first
    int64_t before = first_second;
    for (const Subscriber::Change& change : subscriber.changes) {
      EXPECT_EQ(change.state,
                behind ? v1::SUBSCRIPTION_STATE_CAUGHT_UP : v1::SUBSCRIPTION_STATE_FELL_BEHIND);
      EXPECT_EQ(change.next_position, from + change.events_before);
      EXPECT_GE(change.server_seconds, before);
      EXPECT_LE(change.server_seconds, last_second);
      before = change.server_seconds;
      behind = !behind;
    }
  }
};

TEST_F(SlowSubscriber, IsToldItFellBehindThenCatchesUpWithoutALossOrADouble) {
  constexpr uint64_t kWhileNotReading = 100;
  constexpr uint64_t kAll = 200;
  const int64_t start = now_seconds();
  const uint64_t head = client().EventCount();
  Subscriber subscriber(auditor(), head);
  while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());

  RecordLongContacts(kWhileNotReading);  // answered although the subscriber does not read
  AdvanceSeconds(60);
  std::thread writer([this] { RecordLongContacts(kAll - kWhileNotReading); });
  const bool read = subscriber.ReadUntil(head + kAll);
  writer.join();
  ASSERT_TRUE(read);
  while (subscriber.changes.back().state != v1::SUBSCRIPTION_STATE_CAUGHT_UP) {
    ASSERT_TRUE(subscriber.ReadOne());
  }

  EXPECT_EQ(subscriber.events.size(), kAll);
  ExpectGapless(subscriber.events, head);
  EXPECT_GE(subscriber.changes.size(), 3u) << "caught up, fell behind, caught up";
  ExpectChangesTakeTurns(subscriber, head, start, start + 60);
  EXPECT_GE(subscriber.changes.back().next_position, head + kWhileNotReading);
  EXPECT_EQ(subscriber.changes.back().server_seconds, start + 60);
}

TEST_F(SlowSubscriber, ThatReadsNothingHoldsBackNobody) {
  const uint64_t head = client().EventCount();
  Subscriber idle(auditor(), head);
  while (idle.caught_up == 0) ASSERT_TRUE(idle.ReadOne());
  Subscriber reading(auditor(), head);
  RecordLongContacts(100);
  ASSERT_TRUE(reading.ReadUntil(head + 100));
  ExpectGapless(reading.events, head);
  v1::ListProjectionsRequest request;
  EXPECT_TRUE(Eventually([&] {
    const auto answer =
        client().Call<v1::ListProjectionsResponse>("AdminService/ListProjections", request);
    uint64_t lag = 0;
    for (const auto& projection : answer.value.projections()) lag += projection.lag_events();
    return answer.ok() && lag == 0;
  })) << "projections";
  ASSERT_TRUE(idle.ReadUntil(head + 100));
  EXPECT_GT(idle.changes.size(), 1u) << "it was never behind";
}

}  // namespace
}  // namespace caseledger::testing
