// The access trail as a ledger: found by name, proven as any other, there whenever its ledger is.
#include <filesystem>

#include "caseledger/v1/admin.grpc.pb.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "tests/integration/trail/trail_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

class TrailLedger : public TrailServerTest {};

TEST_F(TrailLedger, IsListedBesideItsLedgerAndNotChosenByItself) {
  EXPECT_EQ(client().EventCount(), Client(cast(), "quang-ninh").EventCount())
      << "without a name the ledger itself is meant";
  const auto ledgers = client().Call<v1::GetLedgerHeadResponse>("HistoryService/GetLedgerHead",
                                                                v1::GetLedgerHeadRequest());
  EXPECT_EQ(ledgers.value.ledger(), "quang-ninh");
  grpc::ClientContext context;
  client().Prepare(context);
  v1::ListLedgersResponse response;
  ASSERT_TRUE(v1::AdminService::NewStub(client().channel())
                  ->ListLedgers(&context, v1::ListLedgersRequest(), &response)
                  .ok());
  ASSERT_EQ(response.ledgers_size(), 2);
  EXPECT_EQ(response.ledgers(0).ledger(), "quang-ninh");
  EXPECT_EQ(response.ledgers(1).ledger(), "quang-ninh.access");
  EXPECT_TRUE(response.ledgers(1).accepting());
}

TEST_F(TrailLedger, TakesNoCommands) {
  v1::Command command = CommandOf("", "contact_received { channel: 'sms' }");
  command.mutable_header()->set_ledger("quang-ninh.access");
  ExpectRefused(command, grpc::FAILED_PRECONDITION, "TRAIL_LEDGER");
  EXPECT_EQ(Client(cast(), "quang-ninh.access").EventCount(), 0u);
}

TEST_F(TrailLedger, IsOpenedWithItsLedgerAlone) {
  Stop();
  options_.ledgers = {"quang-ninh.access"};
  const auto server = app::StartServer(options_, clock_, SystemRandom());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("give --ledger quang-ninh"));
}

TEST_F(TrailLedger, IsMadeInADataDirectoryFromBeforeThereWereTrails) {
  Stop();
  options_.data_dir = directory_ / "old";
  std::filesystem::create_directories(options_.data_dir);
  {
    eventstore::RocksDbOptions old;
    old.path = options_.data_dir + "/log";
    const auto engine = eventstore::OpenRocksDbEngine(old).value();
    ASSERT_TRUE(eventstore::CreateLedger(*engine, "quang-ninh", clock_, SystemRandom()).ok());
    ASSERT_TRUE(engine->Close().ok());
  }
  Start();
  RegisterAgency("ctxh-qn");
  ASSERT_TRUE(GetCase(OpenCase(), Named("lan")).ok());
  EXPECT_EQ(SeenBy(Named("lan"), Cast::Auditor()).value.entries_size(), 1);
}

TEST_F(TrailLedger, EntriesOutliveARestart) {
  RegisterAgency("ctxh-qn");
  const std::string case_id = OpenCase();
  ASSERT_TRUE(GetCase(case_id, Named("lan")).ok());
  Restart();
  const auto entries = WhoSaw(case_id);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].actor(), "lan");
}

TEST_F(TrailLedger, AnActorsTrailIsAHistoryOfItsOwn) {
  RegisterAgency("ctxh-qn");
  const std::string case_id = OpenCase();
  ASSERT_TRUE(GetCase(case_id, Named("lan")).ok());
  ASSERT_TRUE(GetCase(case_id, Named("minh")).ok());
  v1::ReplayRecordRequest request;
  request.set_ledger("quang-ninh.access");
  request.set_record_kind(options::v1::RECORD_KIND_ACCESS_TRAIL);
  request.set_record_id("ctxh-qn/lan");
  grpc::ClientContext context;
  auditor().Prepare(context);
  const auto reader =
      v1::HistoryService::NewStub(auditor().channel())->ReplayRecord(&context, request);
  std::vector<v1::RecordedEvent> events;
  for (v1::ReplayResponse page; reader->Read(&page);) {
    events.insert(events.end(), page.events().begin(), page.events().end());
  }
  ASSERT_TRUE(reader->Finish().ok());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].fact().record_accessed().action(), "GetCase");
}

}  // namespace
}  // namespace caseledger::testing
