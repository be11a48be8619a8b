// Following the ledger.
#include <thread>

#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

class Subscribe : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    begun_at_ = client().EventCount();
  }
  void RecordContacts(int count) {
    for (int i = 0; i < count; ++i) client().Record("", "contact_received { channel: 'sms' }");
  }

  uint64_t begun_at_ = 0;  // events before the test's own
};

TEST_F(Subscribe, FromTheBeginningEverythingComesThenWhatIsNew) {
  RecordContacts(5);
  Subscriber subscriber(auditor(), begun_at_);
  ASSERT_TRUE(subscriber.ReadUntil(begun_at_ + 5));
  while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());
  RecordContacts(5);
  ASSERT_TRUE(subscriber.ReadUntil(begun_at_ + 10));
  EXPECT_EQ(subscriber.events.size(), 10u);
  ExpectGapless(subscriber.events, begun_at_);
  EXPECT_EQ(subscriber.caught_up, 1);
}

TEST_F(Subscribe, FromTheEndOnlyWhatIsNewComes) {
  RecordContacts(3);
  Subscriber subscriber(auditor(), begun_at_ + 3);
  while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());
  EXPECT_TRUE(subscriber.events.empty());
  RecordContacts(2);
  ASSERT_TRUE(subscriber.ReadUntil(begun_at_ + 5));
  ExpectGapless(subscriber.events, begun_at_ + 3);
  EXPECT_EQ(subscriber.events.size(), 2u);
}

TEST_F(Subscribe, PastTheEndIsOutOfRange) {
  Subscriber subscriber(auditor(), begun_at_ + 1);
  EXPECT_FALSE(subscriber.ReadOne());
  EXPECT_EQ(subscriber.Finish().error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(Subscribe, AFactNobodyKnowsIsNotWaitedFor) {
  Subscriber subscriber(auditor(), begun_at_, {"contact_received", "contact_recieved"});
  EXPECT_FALSE(subscriber.ReadOne());
  const grpc::Status status = subscriber.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_NE(status.error_message().find("fact_names[1]"), std::string::npos);
}

TEST_F(Subscribe, ByKindOfRecordAndByRecord) {
  RegisterAgency("bv-qn");
  RecordContacts(2);
  const std::string first = OpenCase();
  RecordContacts(2);
  const std::string second = OpenCase();
  client().Record(first, "risk_assessed { risk: RISK_HIGH }");
  const uint64_t all = client().EventCount();
  const auto names = [&](const std::vector<std::string>& facts,
                         const std::vector<std::string>& prefixes) {
    Subscriber subscriber(auditor(), begun_at_, facts, prefixes);
    EXPECT_TRUE(subscriber.ReadUntil(all));
    std::vector<std::string> seen;
    for (const v1::RecordedEvent& event : subscriber.events) {
      seen.push_back(event.fact_name() + (event.record_id() == first ? "+" : ""));
    }
    return seen;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(names({}, {"case_record/"}),
              ElementsAre("case_opened+", "case_opened", "risk_assessed+"));
  EXPECT_THAT(names({}, {"case_record/" + first}), ElementsAre("case_opened+", "risk_assessed+"));
  EXPECT_THAT(names({}, {"case_record/" + second.substr(0, 20), "agency/"}),
              ElementsAre("agency_registered", "case_opened"));
  EXPECT_THAT(names({"risk_assessed"}, {"case_record/"}), ElementsAre("risk_assessed+"));
  EXPECT_THAT(names({"risk_assessed"}, {"person/"}), ElementsAre());
}

TEST_F(Subscribe, AStreamThatCannotBeIsNotWaitedFor) {
  for (const char* prefix : {"case_record", "case/", "CASE_RECORD/", "case_record/x", "", "/",
                             "unspecified/", "case_record/0000000-",
                             "contact/00000000-0000-0000-"
                             "0000-000000000000-"}) {
    Subscriber subscriber(auditor(), begun_at_, {}, {"contact/", prefix});
    EXPECT_FALSE(subscriber.ReadOne()) << prefix;
    const grpc::Status status = subscriber.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << prefix;
    EXPECT_NE(status.error_message().find("stream_prefixes[1]"), std::string::npos);
  }
}

TEST_F(Subscribe, AFilterThatMatchesNothingStillAdvances) {
  RecordContacts(600);
  Subscriber subscriber(auditor(), begun_at_, {"case_closed"});
  ASSERT_TRUE(subscriber.ReadUntil(begun_at_ + 600));
  RecordContacts(3);
  ASSERT_TRUE(subscriber.ReadUntil(begun_at_ + 603));
  EXPECT_TRUE(subscriber.events.empty());
}

TEST_F(Subscribe, ResumingWhereOneLeftLosesAndDoublesNothing) {
  constexpr int kEach = 150;
  constexpr uint64_t kAll = 3 * kEach;
  const uint64_t end = begun_at_ + kAll;
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([this] {
      const Client own(cast());
      for (int j = 0; j < kEach; ++j) own.Record("", "contact_received { channel: 'app' }");
    });
  }
  std::vector<v1::RecordedEvent> seen;
  uint64_t next = begun_at_;
  int resumed = 0;
  for (; next < end; ++resumed) {
    Subscriber subscriber(auditor(), next);
    for (int reads = 0; reads < 5 && subscriber.next_position < end; ++reads) {
      ASSERT_TRUE(subscriber.ReadOne());
    }
    next = std::max(next, subscriber.next_position);
    seen.insert(seen.end(), subscriber.events.begin(), subscriber.events.end());
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(seen.size(), kAll);
  ExpectGapless(seen, begun_at_);
  EXPECT_GT(resumed, 1);
}

TEST_F(Subscribe, ManyFollowAndSomeVanish) {
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < 60; ++i)
    subscribers.push_back(std::make_unique<Subscriber>(auditor(), begun_at_));
  RecordContacts(20);
  for (size_t i = 0; i < subscribers.size(); i += 2) subscribers[i]->Leave();
  RecordContacts(20);
  for (size_t i = 1; i < subscribers.size(); i += 2) {
    ASSERT_TRUE(subscribers[i]->ReadUntil(begun_at_ + 40));
    EXPECT_EQ(subscribers[i]->events.size(), 40u);
    ExpectGapless(subscribers[i]->events, begun_at_);
  }
}

TEST_F(Subscribe, TooManyAreRefusedAndPlacesComeBack) {
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < 128; ++i) {
    subscribers.push_back(std::make_unique<Subscriber>(auditor(), begun_at_));
    ASSERT_TRUE(subscribers.back()->ReadOne());
  }
  Subscriber refused(auditor(), begun_at_);
  EXPECT_FALSE(refused.ReadOne());
  EXPECT_EQ(refused.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  subscribers.clear();
  EXPECT_TRUE(Eventually([&] { return Subscriber(auditor(), begun_at_).ReadOne(); }));
}

TEST_F(Subscribe, AnEndingServerEndsIt) {
  Subscriber subscriber(auditor(), begun_at_);
  while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());
  options_.drain_seconds = 600;
  Stop();
  EXPECT_FALSE(subscriber.ReadOne());
  EXPECT_EQ(subscriber.Finish().error_code(), grpc::StatusCode::UNAVAILABLE) << "try elsewhere";
}

}  // namespace
}  // namespace caseledger::testing
