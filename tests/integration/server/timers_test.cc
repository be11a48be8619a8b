// What expires is recorded by the server, once.
#include <algorithm>

#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

const Who kReceiver{"bs-03", "bv-qn", "partner"};

class Timers : public ServerTest {
 protected:
  // Events are counted here, and time goes by in hours: no heads are committed meanwhile.
  Timers() { options_.commit_heads_seconds = 1'000'000; }

  void SetUp() override {
    ServerTest::SetUp();
    RegisterAgency("ctxh-qn");
    RegisterAgency("bv-qn");
    person_ = RegisterPerson();
    case_id_ = OpenCaseFor(person_);
    client().Record(person_,
                    "consent_given { consent_id: 'c1' purposes: 'sharing' given_by: "
                    "'self' }");
    shelter_ =
        client().Record("", "shelter_registered { agency_id: 'ctxh-qn' beds: 1 }").record_id();
  }

  std::string In(int64_t seconds) {
    return "expire_time { seconds: " + std::to_string(now_seconds() + seconds) + " }";
  }
  void Offer(const std::string& id, int64_t seconds) {
    client().Record(case_id_, "referral_sent { referral_id: '" + id + "' person_id: '" + person_ +
                                  "' from_agency_id: 'ctxh-qn' to_agency_id: 'bv-qn' service: "
                                  "'legal' " +
                                  In(seconds) + " }");
  }
  void Hold(const std::string& id, int64_t seconds) {
    client().Record(shelter_, "placement_requested { placement_id: '" + id + "' case_id: '" +
                                  case_id_ + "' person_id: '" + person_ + "' }");
    client().Record(shelter_, "placement_held { placement_id: '" + id + "' " + In(seconds) + " }");
  }

  v1::Command VoidOf(const v1::RecordedEvent& event) {
    v1::Command undo =
        CommandOf(event.record_id(), "event_voided { target_event_id: '" + event.event_id() +
                                         "' reason: 'a mistake' }");
    undo.set_record_kind(event.record_kind());
    return undo;
  }
  v1::Command CorrectionOf(const v1::RecordedEvent& event, const std::string& replacement) {
    return CommandOf(event.record_id(), "fact_corrected { target_event_id: '" + event.event_id() +
                                            "' reason: 'a wrong date' replacement { " +
                                            replacement + " } }");
  }

  // Follows the ledger until the fact comes.
  v1::RecordedEvent WaitFor(const std::string& fact_name, uint64_t from) {
    grpc::ClientContext context;
    client().Prepare(context);
    v1::SubscribeRequest request;
    request.set_from_position(from);
    request.add_fact_names(fact_name);
    const auto reader =
        v1::HistoryService::NewStub(client().channel())->Subscribe(&context, request);
    v1::SubscribeResponse response;
    while (reader->Read(&response)) {
      if (response.events_size() == 0) continue;
      context.TryCancel();
      reader->Finish();
      return response.events(0);
    }
    ADD_FAILURE() << fact_name << " never came: " << reader->Finish().error_message();
    return {};
  }
  size_t CountOf(const std::string& fact_name) {
    const auto all = auditor().Replay();
    return static_cast<size_t>(
        std::count_if(all.value.begin(), all.value.end(),
                      [&](const auto& event) { return event.fact_name() == fact_name; }));
  }

  std::string person_;
  std::string case_id_;
  std::string shelter_;
};

TEST_F(Timers, AnOfferNobodyAnsweredExpiresOnce) {
  Offer("r1", 3600);
  const int64_t due = now_seconds() + 3600;
  AdvanceSeconds(7200);
  const v1::RecordedEvent expired = WaitFor("referral_expired", 0);
  EXPECT_EQ(expired.fact().referral_expired().referral_id(), "r1");
  EXPECT_EQ(expired.occurred_time().seconds(), due) << "it ended when it was due";
  EXPECT_EQ(expired.recorded_time().seconds(), now_seconds());
  EXPECT_EQ(expired.actor(), "caseledgerd");

  const v1::Command accept = CommandOf(case_id_, "referral_accepted { referral_id: 'r1' }");
  ExpectRefused(accept, grpc::StatusCode::NOT_FOUND, "RECORD_UNKNOWN", kReceiver);
  Offer("r2", 60);  // who may answer this one learns what became of the other
  ExpectRefused(accept, grpc::StatusCode::FAILED_PRECONDITION, "REFERRAL_EXPIRED", kReceiver);
  AdvanceSeconds(61);
  WaitFor("referral_expired", expired.position() + 1);
  EXPECT_EQ(CountOf("referral_expired"), 2u);
}

TEST_F(Timers, AnOfferExpiresByTimeBeforeAnybodyRecordsIt) {
  Offer("r1", 3600);
  Offer("r2", 86'400);
  AdvanceSeconds(3600);
  const Answer<v1::CommandResult> late =
      client().Send(CommandOf(case_id_, "referral_accepted { referral_id: 'r1' }"), kReceiver);
  EXPECT_EQ(late.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  WaitFor("referral_expired", 0);
}

TEST_F(Timers, AnAnsweredOfferDoesNotExpire) {
  Offer("r1", 3600);
  const auto accepted =
      client().Send(CommandOf(case_id_, "referral_accepted { referral_id: 'r1' }"), kReceiver);
  ASSERT_TRUE(accepted.ok()) << accepted.status.error_message();
  Offer("r2", 3600);
  AdvanceSeconds(3601);
  EXPECT_EQ(WaitFor("referral_expired", 0).fact().referral_expired().referral_id(), "r2");
  EXPECT_EQ(CountOf("referral_expired"), 1u);
}

TEST_F(Timers, ABedNobodyTookIsFreeAgain) {
  Hold("pl1", 3600);
  AdvanceSeconds(3601);
  const v1::RecordedEvent expired = WaitFor("hold_expired", 0);
  EXPECT_EQ(expired.fact().hold_expired().placement_id(), "pl1");
  EXPECT_EQ(expired.record_id(), shelter_);
  const std::string other = RegisterPerson();
  client().Record(case_id_, "participant_added { person_id: '" + other +
                                "' role: PARTICIPANT_ROLE_COMPANION }");
  client().Record(shelter_, "placement_requested { placement_id: 'pl2' case_id: '" + case_id_ +
                                "' person_id: '" + other + "' }");
  client().Record(shelter_, "resident_admitted { placement_id: 'pl2' }");
  EXPECT_EQ(CountOf("hold_expired"), 1u);
}

TEST_F(Timers, AWrongDateOfAnOfferCanBeCorrectedAfterItsExpiryWasRecorded) {
  Offer("r1", 3600);
  const v1::RecordedEvent sent = WaitFor("referral_sent", 0);
  AdvanceSeconds(3601);
  const v1::RecordedEvent expired = WaitFor("referral_expired", 0);
  const v1::Command later =
      CorrectionOf(sent, "referral_sent { referral_id: 'r1' person_id: '" + person_ +
                             "' from_agency_id: 'ctxh-qn' to_agency_id: 'bv-qn' service: 'legal' " +
                             In(7200) + " }");
  const Refusal refusal =
      ExpectRefused(later, grpc::StatusCode::FAILED_PRECONDITION, "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(refusal.metadata.at("item"), expired.event_id()) << "it says what is in the way";

  ExpectRefused(VoidOf(expired), grpc::StatusCode::NOT_FOUND, "RECORD_UNKNOWN",
                Who{"bs-04", "bv-qn", "supervisor"});
  ExpectRefused(VoidOf(expired), grpc::StatusCode::PERMISSION_DENIED, "CORRECTION_NOT_ALLOWED",
                Who{"nv-99", "ctxh-qn", "case_worker"});
  const auto voided = client().Send(VoidOf(expired), Who{"gs-01", "ctxh-qn", "supervisor"});
  ASSERT_TRUE(voided.ok()) << voided.status.error_message();
  const uint64_t head = client().Record(later).events(0).position();
  AdvanceSeconds(7201);
  const v1::RecordedEvent again = WaitFor("referral_expired", head);
  EXPECT_EQ(again.occurred_time().seconds(), expired.occurred_time().seconds() + 1 + 7200);
  EXPECT_EQ(CountOf("referral_expired"), 2u);
}

TEST_F(Timers, AWrongDateOfAHoldCanBeCorrectedAfterItsExpiryWasRecorded) {
  Hold("pl1", 3600);
  const v1::RecordedEvent held = WaitFor("placement_held", 0);
  AdvanceSeconds(3601);
  const v1::RecordedEvent expired = WaitFor("hold_expired", 0);
  const v1::Command later =
      CorrectionOf(held, "placement_held { placement_id: 'pl1' " + In(7200) + " }");
  const Refusal refusal =
      ExpectRefused(later, grpc::StatusCode::FAILED_PRECONDITION, "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(refusal.metadata.at("item"), expired.event_id());
  client().Record(VoidOf(expired));
  client().Record(later);
  ExpectRefused(CommandOf(shelter_, "placement_held { placement_id: 'pl1' " + In(60) + " }"),
                grpc::StatusCode::FAILED_PRECONDITION, "PLACEMENT_HELD");
}

TEST_F(Timers, WhatFellDueWhileTheServerWasDownIsRecordedOnce) {
  Offer("r1", 60);
  Hold("pl1", 60);
  Stop();
  AdvanceSeconds(3600);
  Start();
  WaitFor("referral_expired", 0);
  WaitFor("hold_expired", 0);
  const uint64_t head = client().EventCount();
  Restart();
  Offer("r2", 60);
  AdvanceSeconds(61);
  WaitFor("referral_expired", head);
  EXPECT_EQ(CountOf("referral_expired"), 2u);
  EXPECT_EQ(CountOf("hold_expired"), 1u);
}

}  // namespace
}  // namespace caseledger::testing
