// Histories to be checked without the server, over gRPC.
#include <atomic>
#include <thread>

#include "caseledger/v1/audit.grpc.pb.h"
#include "eventstore/verifiable/checkpoint.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

class Export : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    RegisterAgency("ctxh-qn");
  }

  struct Exported {
    grpc::Status status;
    v1::ExportHeader header;
    std::vector<v1::ExportedEvent> events;
  };
  Exported Ask(const std::string& record_id,
               options::v1::RecordKind kind = options::v1::RECORD_KIND_CASE_RECORD) {
    return Ask(client(), record_id, kind);
  }
  static Exported Ask(const Client& client, const std::string& record_id,
                      options::v1::RecordKind kind) {
    v1::ExportRecordRequest request;
    request.set_record_kind(kind);
    request.set_record_id(record_id);
    grpc::ClientContext context;
    client.Prepare(context);
    const auto reader =
        v1::AuditService::NewStub(client.channel())->ExportRecord(&context, request);
    Exported exported;
    v1::ExportRecordResponse response;
    while (reader->Read(&response)) {
      if (response.has_header()) exported.header = response.header();
      for (const v1::ExportedEvent& event : response.events()) exported.events.push_back(event);
    }
    exported.status = reader->Finish();
    return exported;
  }
};

TEST_F(Export, GoesUpToNowAndEveryPartIsOfOneCheckpoint) {
  const std::string case_id = OpenCase();
  for (int i = 0; i < 100; ++i) client().Record(case_id, "risk_assessed { risk: RISK_HIGH }");
  const uint64_t recorded = client().EventCount();
  const Exported exported = Ask(case_id);
  ASSERT_TRUE(exported.status.ok()) << exported.status.error_message();
  EXPECT_EQ(exported.header.record_id(), case_id);
  EXPECT_EQ(exported.header.event_count(), 101u);
  EXPECT_EQ(exported.events.size(), 101u);
  EXPECT_EQ(exported.header.heads().position(), recorded);
  const auto key = *eventstore::VerifierKey::Parse(exported.header.verifier_keys(0));
  const auto checkpoint =
      eventstore::OpenCheckpoint(exported.header.checkpoint(), std::vector{key});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->size, recorded + 1);
}

TEST_F(Export, HeadsAreCommittedAgainOnlyWhenSomethingHappened) {
  const std::string case_id = OpenCase();
  const Exported first = Ask(case_id);
  const uint64_t events = client().EventCount();
  const Exported again = Ask(case_id);
  EXPECT_EQ(client().EventCount(), events);
  EXPECT_EQ(again.header.SerializeAsString(), first.header.SerializeAsString());
  Restart();
  EXPECT_EQ(Ask(case_id).header.heads().record(), first.header.heads().record());
  client().Record(case_id, "risk_assessed { risk: RISK_HIGH }");
  EXPECT_EQ(Ask(case_id).header.event_count(), 2u);
}

TEST_F(Export, ServesRecordsOfEveryKind) {
  RegisterAgency("bv-qn");
  const std::string person = RegisterPerson();
  EXPECT_EQ(Ask(auditor(), person, options::v1::RECORD_KIND_PERSON).events.size(), 1u);
  EXPECT_EQ(Ask(auditor(), "bv-qn", options::v1::RECORD_KIND_AGENCY).events.size(), 1u);
  client().Record("", "contact_received { channel: 'sms' }");
  // The commit made for it covers the one before, not itself.
  EXPECT_EQ(Ask(auditor(), "heads", options::v1::RECORD_KIND_LEDGER).events.size(), 1u);
}

TEST_F(Export, WhatIsNotThereIsNotExported) {
  const Exported unknown = Ask(NewUuid());
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Explain(unknown.status).reason, "RECORD_UNKNOWN");
  const Exported no_kind = Ask(NewUuid(), options::v1::RECORD_KIND_UNSPECIFIED);
  EXPECT_EQ(no_kind.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(Export, WhileOthersWriteItIsStillOfOneMoment) {
  const std::string case_id = OpenCase();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    const Client own(cast());
    while (!done) own.Record(case_id, "risk_assessed { risk: RISK_LOW }");
  });
  for (int i = 0; i < 5; ++i) {
    const Exported exported = Ask(case_id);
    ASSERT_TRUE(exported.status.ok()) << exported.status.error_message();
    EXPECT_EQ(exported.events.size(), exported.header.event_count());
    for (const v1::ExportedEvent& event : exported.events) {
      EXPECT_LT(event.position(), exported.header.heads().position());
    }
  }
  done = true;
  writer.join();
}

}  // namespace
}  // namespace caseledger::testing
