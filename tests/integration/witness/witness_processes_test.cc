// A server and its witnesses as processes of their own: what is published, and when.
#include <signal.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "eventstore/base/clock.h"
#include "eventstore/signing/key_ring.h"
#include "eventstore/verifiable/checkpoint.h"
#include "gmock/gmock.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/raw_connection.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using eventstore::VerifierKey;
using ::testing::HasSubstr;

constexpr char kLedgerName[] = "quang-ninh";

const Who kOperator{"lan", "ctxh-qn", "hotline_operator"};

// One `caseledger witness`, which can be stopped and started again where it was.
class WitnessProcess {
 public:
  WitnessProcess(std::string directory, std::string name, std::vector<VerifierKey> logs)
      : directory_(std::move(directory)), name_(std::move(name)), logs_(std::move(logs)) {
    Start();
  }

  void Start() {
    std::vector<std::string> words = {CASELEDGER_PATH, "witness",
                                      "--listen",      listen_,
                                      "--key-file",    directory_ + "/key",
                                      "--state-dir",   directory_ + "/state",
                                      "--port-file",   directory_ + "/port",
                                      "--name",        name_};
    for (const VerifierKey& log : logs_) words.insert(words.end(), {"--log", log.ToText()});
    process_.emplace(words);
    ASSERT_TRUE(process_->WaitForOutput("listening on ")) << process_->err();
    const std::string out = process_->out();
    key_ = *VerifierKey::Parse(out.substr(0, out.find('\n')));
    const std::string port = ReadWholeFile(directory_ + "/port");
    listen_ = port.substr(0, port.find('\n'));
  }
  // Must end well.
  void Stop() {
    process_->Signal(SIGTERM);
    EXPECT_EQ(process_->Wait(), 0) << process_->err();
  }
  void Kill() {
    process_->Signal(SIGKILL);
    process_->Wait();
  }

  const VerifierKey& key() const { return key_; }
  std::string flag() const { return "http://" + listen_ + " " + key_.ToText(); }
  const std::string& directory() const { return directory_; }

 private:
  const std::string directory_;
  const std::string name_;
  const std::vector<VerifierKey> logs_;
  std::string listen_ = "127.0.0.1:0";  // the same port after the first start
  VerifierKey key_;
  std::optional<ChildProcess> process_;
};

class Witnesses : public ::testing::Test {
 protected:
  // The log must exist before anyone can know its key.
  Witnesses() {
    cast_.Begin(directory_ / "data", kLedgerName, SystemClock());
    StartServer({});
    client_->Admit(kOperator);
    StopServer();
    const auto ring = eventstore::KeyRing::Load(directory_ / "data/keys/" + kLedgerName + ".keys");
    EXPECT_TRUE(ring.ok()) << ring.status();
    log_keys_ = ring->Verifiers();
    for (const char* name : {"w1", "w2"}) {
      fs::create_directories(directory_ / name);
      witnesses_.push_back(std::make_unique<WitnessProcess>(
          directory_ / name, std::string("witness.example/") + name, log_keys_));
    }
  }

  void StartServer(const std::vector<std::string>& flags) {
    server_ = std::make_unique<ServerProcess>(
        directory_ / "data", std::vector<std::string>{kLedgerName}, cast_.ServerFlags(flags));
    cast_.Serve(server_->address());
    client_ = std::make_unique<Client>(cast_, "", kOperator);
  }
  void StopServer() {
    server_->process().Signal(SIGTERM);
    EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
  }
  std::vector<std::string> Flags(int min_witnesses) const {
    std::vector<std::string> flags = {"--min-witnesses", std::to_string(min_witnesses)};
    for (const auto& witness : witnesses_) {
      flags.insert(flags.end(), {"--witness", witness->flag()});
    }
    return flags;
  }
  void RecordContacts(int count) {
    for (int i = 0; i < count; ++i) {
      client_->Record("", "contact_received { channel: 'phone' line: '18001769' }");
    }
  }

  struct Published {
    uint64_t size = 0;  // 0: nothing
    size_t cosignatures = 0;
  };
  // As anyone sees it, checked under the log's key and those of the witnesses.
  Published Look() {
    const Fetched fetched = Fetch(server_->log_port(), "/checkpoint");
    if (fetched.status != 200) return {};
    const auto checkpoint = eventstore::OpenCheckpoint(fetched.body, log_keys_);
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    std::vector<VerifierKey> keys;
    for (const auto& witness : witnesses_) keys.push_back(witness->key());
    const auto verified = eventstore::VerifyNote(*eventstore::Note::Parse(fetched.body), keys);
    EXPECT_TRUE(verified.ok()) << verified.status();
    if (!checkpoint.ok() || !verified.ok()) return {};
    return {checkpoint->size, verified->size()};
  }
  // Waits until everything recorded is published.
  Published LookWhenAllIsPublished() {
    const uint64_t events = client_->EventCount();
    Published published;
    EXPECT_TRUE(Eventually([&] {
      published = Look();
      return published.size >= events;
    })) << published.size
        << " of " << events << " events\n"
        << server_->process().err();
    return published;
  }

  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};
  std::vector<VerifierKey> log_keys_;
  std::vector<std::unique_ptr<WitnessProcess>> witnesses_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(Witnesses, PublicationWaitsForThemAndCommandsDoNot) {
  StartServer(Flags(2));
  RecordContacts(3);
  EXPECT_EQ(LookWhenAllIsPublished().cosignatures, 2u);

  const uint64_t before = Look().size;
  witnesses_[1]->Stop();
  RecordContacts(5);
  ASSERT_TRUE(server_->process().WaitForError("checkpoints wait for witnesses"));
  RecordContacts(300);
  EXPECT_GE(client_->EventCount(), before + 305) << "commands go on";
  EXPECT_EQ(Look().size, before) << "published without its cosignatures";
  const auto over_grpc = client_->Call<v1::GetCheckpointResponse>("HistoryService/GetCheckpoint",
                                                                  v1::GetCheckpointRequest());
  ASSERT_TRUE(over_grpc.ok()) << over_grpc.status.error_message();
  EXPECT_EQ(over_grpc.value.tree_size(), before);

  witnesses_[1]->Start();
  EXPECT_EQ(LookWhenAllIsPublished().cosignatures, 2u);
  for (const char* said : {"checkpoints wait for witnesses", "checkpoints are published again",
                           "the witness does not cosign", "the witness cosigns again"}) {
    EXPECT_TRUE(server_->process().WaitForError(said)) << said << server_->process().err();
  }
  EXPECT_THAT(server_->process().err(), HasSubstr("witness.example/w2"));
  StopServer();
}

TEST_F(Witnesses, OneIsEnoughWhenOneIsNeeded) {
  witnesses_[0]->Stop();
  StartServer(Flags(1));
  RecordContacts(3);
  EXPECT_EQ(LookWhenAllIsPublished().cosignatures, 1u);
  witnesses_[0]->Start();
  EXPECT_TRUE(Eventually([&] { return Look().cosignatures == 2; })) << "the other one follows";
  StopServer();
}

TEST_F(Witnesses, WhateverIsKilledNothingIsLost) {
  StartServer(Flags(2));
  RecordContacts(10);
  const uint64_t before = LookWhenAllIsPublished().size;
  for (const auto& witness : witnesses_) witness->Kill();
  RecordContacts(10);
  ASSERT_TRUE(server_->process().WaitForError("checkpoints wait for witnesses"));
  server_->process().Signal(SIGKILL);
  server_->process().Wait();
  StartServer(Flags(2));
  EXPECT_EQ(Look().size, before) << "what was published is still, and no more";
  EXPECT_EQ(client_->EventCount(), before + 10);
  for (const auto& witness : witnesses_) witness->Start();
  EXPECT_EQ(LookWhenAllIsPublished().cosignatures, 2u);
  StopServer();
}

// A log whose operator goes back and writes another history.
TEST_F(Witnesses, AnotherHistoryIsNotPublished) {
  StartServer(Flags(2));
  RecordContacts(3);
  LookWhenAllIsPublished();
  StopServer();
  fs::copy(directory_ / "data", directory_ / "older", fs::copy_options::recursive);
  StartServer(Flags(2));
  RecordContacts(5);
  const uint64_t size = LookWhenAllIsPublished().size;
  StopServer();
  fs::remove_all(directory_ / "data");
  fs::rename(directory_ / "older", directory_ / "data");
  StartServer(Flags(2));
  RecordContacts(5);
  ASSERT_TRUE(server_->process().WaitForError("the witness does not cosign"));
  ASSERT_TRUE(server_->process().WaitForError("checkpoints wait for witnesses"));
  EXPECT_LT(Look().size, size);
  StopServer();
}

TEST_F(Witnesses, AWitnessSaysWhyItDoesNotStart) {
  const auto refused = [this](std::vector<std::string> flags, const std::string& why) {
    flags.insert(flags.begin(), {CASELEDGER_PATH, "witness", "--listen", "127.0.0.1:0"});
    const Finished finished = RunToEnd(flags);
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(why));
    EXPECT_THAT(finished.out, ::testing::Not(HasSubstr("listening")));
  };
  witnesses_[0]->Stop();
  const std::string key = witnesses_[0]->directory() + "/key";
  const std::string state = witnesses_[0]->directory() + "/state";
  const std::string log = log_keys_[0].ToText();
  refused({"--key-file", directory_ / "none", "--state-dir", state, "--log", log}, "--name");
  refused({"--key-file", key, "--state-dir", directory_ / "none", "--log", log}, "another history");
  refused({"--key-file", key, "--state-dir", state, "--log", "nonsense"}, "verifier key");
  refused({"--key-file", key, "--state-dir", state}, "--log");
  fs::permissions(key, fs::perms::others_read, fs::perm_options::add);
  refused({"--key-file", key, "--state-dir", state, "--log", log}, "chmod 600");
}

TEST_F(Witnesses, AServerSaysWhatIsWrongWithItsWitnesses) {
  const auto refused = [this](std::vector<std::string> flags, const std::string& why) {
    flags = cast_.ServerFlags(flags);
    flags.insert(flags.begin(),
                 {CASELEDGERD_PATH, "--data-dir", directory_ / "other", "--ledger", "a", "--listen",
                  "127.0.0.1:0", "--metrics-listen", "none", "--log-listen", "none"});
    const Finished finished = RunToEnd(flags);
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(why));
  };
  refused({"--witness", "http://127.0.0.1:7404"}, "NAME+HASH+KEY");
  refused({"--witness", "http://127.0.0.1:7404 " + log_keys_[0].ToText()}, "that of a log");
  refused({"--min-witnesses", "1"}, "0 witnesses");
  refused({"--min-witnesses", "2", "--witness", witnesses_[0]->flag()}, "1 witnesses");
}

}  // namespace
}  // namespace caseledger::testing
