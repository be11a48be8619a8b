// Stored events as they go out.
#include "services/rpc/recorded_event.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caseledger/v1/history.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"
#include "tests/support/repeated_bytes.h"

namespace caseledger::rpc {
namespace {

using eventstore::RecordedEvent;
using google::protobuf::util::MessageDifferencer;

RecordedEvent WithEverything() {
  RecordedEvent event;
  event.event_id = testing::RepeatedUuid(0x11);
  event.stream = {3, testing::RepeatedUuid(0x22)};
  event.revision = 300;
  event.position = 70'000;
  event.occurred_at = 1'704'067'200'123'456;
  event.occurred_precision = 2;
  event.recorded_at = 1'704'067'260'000'001;
  event.schema_version = 4;
  event.fact_type = event::v1::Fact::kContactReceivedFieldNumber;
  event::v1::Fact fact;
  fact.mutable_contact_received()->set_line("111");
  event.fact = fact.SerializeAsString();
  event.origin = {"Nguyễn Thị Ánh",
                  "công-an",
                  "em bé",
                  "chăm sóc",
                  "luật 13",
                  testing::RepeatedUuid(0x33),
                  testing::RepeatedUuid(0x44),
                  "00-abc-01",
                  testing::RepeatedUuid(0x55),
                  "tệp.csv",
                  "hàng 7"};
  event.data_quality = {"CONSENT_MISSING", "", "LATE"};
  return event;
}

// What the receiver of a response with these events reads.
v1::SubscribeResponse Received(const std::vector<RecordedEvent>& events) {
  v1::SubscribeResponse sent;
  for (const RecordedEvent& event : events) {
    AddSentEvent(event, "quảng-ninh", v1::SubscribeResponse::kEventsFieldNumber, sent);
  }
  sent.set_next_position(9);
  v1::SubscribeResponse received;
  EXPECT_TRUE(received.ParseFromString(sent.SerializeAsString()));
  EXPECT_EQ(received.next_position(), 9u);
  return received;
}

std::string Text(const Uuid& id) { return id.is_nil() ? "" : id.ToString(); }

// The public event field by field, through protobuf's own setters.
v1::RecordedEvent Expected(const RecordedEvent& event) {
  v1::RecordedEvent out;
  out.set_event_id(Text(event.event_id));
  out.set_ledger("quảng-ninh");
  out.set_record_kind(static_cast<options::v1::RecordKind>(event.stream.kind));
  out.set_record_id(Text(event.stream.id));
  out.set_revision(event.revision);
  out.set_position(event.position);
  *out.mutable_occurred_time() = commands::ToTimestamp(event.occurred_at);
  out.set_occurred_precision(static_cast<event::v1::TimePrecision>(event.occurred_precision));
  *out.mutable_recorded_time() = commands::ToTimestamp(event.recorded_at);
  out.set_actor(event.origin.actor);
  out.set_agency(event.origin.agency);
  out.set_on_behalf_of(event.origin.on_behalf_of);
  out.set_schema_version(event.schema_version);
  out.set_purpose(event.origin.purpose);
  out.set_legal_basis(event.origin.legal_basis);
  out.set_correlation_id(Text(event.origin.correlation_id));
  out.set_causation_id(Text(event.origin.causation_id));
  out.set_traceparent(event.origin.traceparent);
  out.set_request_id(Text(event.origin.request_id));
  out.set_source_file(event.origin.source_file);
  out.set_source_row(event.origin.source_row);
  for (const std::string& item : event.data_quality) out.add_data_quality(item);
  out.set_fact_name(std::string(commands::FactName(event.fact_type)));
  EXPECT_TRUE(out.mutable_fact()->ParseFromString(event.fact));
  return out;
}

void ExpectSent(const RecordedEvent& event) {
  const v1::RecordedEvent expected = Expected(event);
  const auto shown = ToPublicEvent(event, "quảng-ninh");
  ASSERT_TRUE(shown.ok()) << shown.status();
  const v1::SubscribeResponse received = Received({event});
  ASSERT_EQ(received.events_size(), 1);
  for (const v1::RecordedEvent* made : {&*shown, &received.events(0)}) {
    EXPECT_TRUE(MessageDifferencer::Equals(*made, expected)) << made->DebugString() << "\nis not\n"
                                                             << expected.DebugString();
    EXPECT_EQ(made->SerializeAsString(), expected.SerializeAsString());
  }
}

TEST(RecordedEventTest, EveryFieldIsSent) {
  ExpectSent(WithEverything());
  ExpectSent(RecordedEvent{});
}

TEST(RecordedEventTest, AFactThatCannotBeReadIsDataLoss) {
  RecordedEvent event = WithEverything();
  event.fact = "\xff";
  EXPECT_TRUE(absl::IsDataLoss(ToPublicEvent(event, "quảng-ninh").status()));
}

TEST(RecordedEventTest, TimesOfEverySign) {
  RecordedEvent event = WithEverything();
  for (const Micros time :
       {int64_t{-1}, int64_t{-1'000'000}, int64_t{0}, int64_t{1}, int64_t{999'999},
        int64_t{1'000'000}, int64_t{-62'135'596'800'000'000}, int64_t{253'402'300'799'999'999}}) {
    event.occurred_at = event.recorded_at = time;
    ExpectSent(event);
  }
}

TEST(RecordedEventTest, ManyEventsKeepTheirOrder) {
  std::vector<RecordedEvent> events(3, WithEverything());
  for (size_t i = 0; i < events.size(); ++i) events[i].position = i;
  const v1::SubscribeResponse received = Received(events);
  ASSERT_EQ(received.events_size(), 3);
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(received.events(static_cast<int>(i)).position(), i);
  }
}

}  // namespace
}  // namespace caseledger::rpc
