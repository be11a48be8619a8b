// CreateBackup over gRPC: who may, what is refused, what the stream tells.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "caseledger/v1/admin.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

class CreateBackupCall : public ServerTest {
 protected:
  void SetUp() override {
    options_.backup_dir = directory_ / "backups";
    Start();
  }

  // The last message of a call that must give `code`.
  v1::CreateBackupResponse Create(grpc::StatusCode code = grpc::OK, const std::string& reason = "",
                                  uint32_t keep = 0, const Who& who = Cast::Administrator()) {
    v1::CreateBackupRequest request;
    request.set_keep(keep);
    grpc::ClientContext context;
    client().Prepare(context, who);
    const auto stream =
        v1::AdminService::NewStub(client().ChannelOf(who))->CreateBackup(&context, request);
    v1::CreateBackupResponse last;
    while (stream->Read(&last)) EXPECT_LE(last.progress().done(), last.progress().total());
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    if (!status.ok()) {
      EXPECT_EQ(Explain(status).reason, reason);
      EXPECT_EQ(Explain(status).sentences.size(), 2u);
    }
    return last;
  }
};

TEST_F(CreateBackupCall, TheLastMessageIsTheBackup) {
  OpenCase();
  const v1::Backup backup = Create().backup();
  EXPECT_EQ(backup.backup_id(), 1u);
  ASSERT_EQ(backup.ledgers_size(), 2);
  EXPECT_EQ(backup.ledgers(0).ledger(), "quang-ninh");
  EXPECT_EQ(backup.ledgers(0).event_count(), client().EventCount());
  EXPECT_EQ(backup.ledgers(0).last_leaf_hash().size(), 32u);
  EXPECT_EQ(backup.ledgers(1).ledger(), "quang-ninh.access");
  EXPECT_EQ(backup.created_time().seconds(), now_seconds());
  EXPECT_GT(backup.copied_bytes(), 0u);
  OpenCase();
  EXPECT_THAT(Create(grpc::OK, "", 1).backup().removed_backup_ids(), ::testing::ElementsAre(1));
}

TEST_F(CreateBackupCall, IsForAdministrators) {
  const std::string agency = Cast::Administrator().agency;
  for (const Who& who :
       {Who{"minh", "ctxh-qn", "supervisor"}, Who{"nhap-lieu", agency, "data_steward"},
        Who{"moi", agency, ""}, Who{"", agency, ""}}) {
    SCOPED_TRACE(who.agency + "/" + who.actor);
    Create(grpc::PERMISSION_DENIED, "ACCESS_DENIED", 0, who);
  }
  EXPECT_FALSE(std::filesystem::exists(options_.backup_dir));
}

TEST_F(CreateBackupCall, IsOnTheTrail) {
  const v1::Backup backup = Create(grpc::OK, "", 3).backup();
  const Client trail(cast(), "quang-ninh.access", Cast::Auditor());
  const auto events = trail.Replay();
  ASSERT_TRUE(events.ok()) << events.status.error_message();
  std::vector<std::string> told;
  for (const v1::RecordedEvent& event : events.value) {
    if (event.fact().record_accessed().action() != "CreateBackup") continue;
    EXPECT_LT(event.position(), backup.ledgers(1).event_count()) << "before it began";
    told.push_back(event.actor() + " " + event.fact().record_accessed().query());
  }
  EXPECT_THAT(told, ::testing::ElementsAre(Cast::Administrator().actor + " keep=3"));
}

TEST_F(CreateBackupCall, KeepHasALimit) {
  Create(grpc::INVALID_ARGUMENT, "INVALID_REQUEST", 10'001);
}

TEST_F(CreateBackupCall, WithoutADirectoryItSaysSo) {
  Stop();
  options_.backup_dir.clear();
  Start();
  Create(grpc::FAILED_PRECONDITION, "BACKUP_NOT_CONFIGURED");
}

TEST_F(CreateBackupCall, TheDirectoryMayBeRelative) {
  Stop();
  options_.backup_dir = std::filesystem::relative(options_.backup_dir).string();
  Start();
  EXPECT_EQ(Create().backup().backup_id(), 1u);
}

TEST_F(CreateBackupCall, ADirectoryThatCannotBeMadeIsSaid) {
  WriteWholeFile(options_.backup_dir, "a file");
  Create(grpc::UNAVAILABLE, "BACKUP_FAILED");
}

// A second call while one runs is refused; the one that runs ends with its client, and leaves
// nothing. The rate is so low that a backup takes seconds.
TEST_F(CreateBackupCall, OneAtATimeAndEndsWithItsClient) {
  Stop();
  options_.backup_mib_per_second = 1;
  Start();
  for (int i = 0; i < 150; ++i) {
    std::string note(19'000, '\0');
    SystemRandom().Fill(reinterpret_cast<uint8_t*>(note.data()), note.size());
    for (char& letter : note) letter = static_cast<char>('a' + static_cast<uint8_t>(letter) % 26);
    client().Record(
        "", "contact_received { channel: 'phone' line: '18001769' note { text: '" + note + "' } }");
  }
  v1::CreateBackupRequest request;
  grpc::ClientContext context;
  client().Prepare(context, Cast::Administrator());
  const auto stub = v1::AdminService::NewStub(client().ChannelOf(Cast::Administrator()));
  const auto stream = stub->CreateBackup(&context, request);
  v1::CreateBackupResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.has_progress());
  Create(grpc::ABORTED, "BACKUP_IN_PROGRESS");
  context.TryCancel();
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  Stop();
  options_.backup_mib_per_second = 0;
  Start();
  EXPECT_EQ(Create().backup().ledgers_size(), 2);
}

}  // namespace
}  // namespace caseledger::testing
