// `caseledger log verify` with the programs alone: what an auditor does with a data directory.
#include <signal.h>

#include <filesystem>
#include <map>
#include <memory>

#include "eventstore/base/clock.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// Every file with its bytes and when it was last written.
std::map<std::string, std::pair<std::string, fs::file_time_type>> FilesOf(const std::string& path) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string bytes = entry.is_directory() ? "" : ReadWholeFile(entry.path().string());
    files[entry.path().string()] = {bytes, entry.last_write_time()};
  }
  return files;
}

// Brings in what is checked, and asks how much it is.
const Who kSteward{"nhap-lieu", "so-qn", "data_steward"};

class LogVerify : public ::testing::Test {
 protected:
  LogVerify() {
    for (const char* ledger : {"one", "two"}) cast_.Begin(data_, ledger, SystemClock());
  }
  void StartServer() {
    server_ = std::make_unique<ServerProcess>(data_, std::vector<std::string>{"one", "two"},
                                              cast_.ServerFlags());
    ASSERT_FALSE(server_->address().empty());
    cast_.Serve(server_->address());
  }
  void StopServer() {
    server_->process().Signal(SIGTERM);
    EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
  }
  void Import() {
    cast_.Admit("one", kSteward);
    std::vector<std::string> all = cast_.ProgramFlags(kSteward);
    all.insert(all.begin(), CASELEDGER_PATH);
    all.insert(all.end(), {"--ledger", "one", "import", kSample});
    const Finished finished = RunToEnd(all);
    EXPECT_EQ(finished.code, 0) << finished.err;
  }
  Finished Verify(const std::vector<std::string>& arguments = {}) const {
    std::vector<std::string> all = {CASELEDGER_PATH, "log", "verify", "--data-dir", data_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunToEnd(all);
  }

  ScratchDirectory directory_;
  const std::string data_ = directory_ / "data";
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(LogVerify, AStoppedServersDirectoryIsCheckedAndNotTouched) {
  StartServer();
  Import();
  const Client client(cast_, "one", kSteward);
  const uint64_t events = client.EventCount();
  const Finished live = Verify();
  EXPECT_EQ(live.code, 1);
  EXPECT_THAT(live.err, HasSubstr("a server has the event store"));
  EXPECT_GT(client.EventCount(), 0u) << "and the server goes on";
  StopServer();

  const auto before = FilesOf(data_);
  const Finished table = Verify();
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("whole"));
  EXPECT_THAT(table.err, HasSubstr("one: events"));
  EXPECT_THAT(table.err, HasSubstr("the operator's own keys alone"));
  const Finished printed = Verify({"--format", "json"});
  const json found = json::parse(printed.out, nullptr, false);
  ASSERT_FALSE(found.is_discarded()) << printed.out;
  ASSERT_EQ(found["ledgers"].size(), 4u) << "each with its access trail";
  EXPECT_EQ(found["ledgers"][1]["ledger"], "one.access");
  EXPECT_EQ(found["ledgers"][1]["whole"], true);
  const json& one = found["ledgers"][0];
  EXPECT_EQ(one["ledger"], "one");
  EXPECT_EQ(one["whole"], true);
  EXPECT_EQ(one["events"], events);
  EXPECT_EQ(one["index_entries"], events);
  EXPECT_GT(one["request_ids"], 1000);
  EXPECT_GT(one["names"], 100);
  EXPECT_GT(one["references"], 100);
  EXPECT_EQ(one["checkpoints"].size(), 2u) << "inside and outside";
  EXPECT_EQ(one["checkpoints"][0]["tree_size"], events);
  EXPECT_GT(one["events_per_second"], 0);
  EXPECT_EQ(FilesOf(data_), before) << "nothing was written";

  const std::string kept = directory_ / "kept";
  fs::rename(data_ + "/checkpoints/one/checkpoint", kept);
  const Finished keys = RunToEnd(
      {CASELEDGER_PATH, "key", "list", "--key-file", data_ + "/keys/one.keys", "--format", "json"});
  const std::string key = json::parse(keys.out)["keys"][0]["verifier_key"];
  const Finished auditor =
      Verify({"--ledger", "one", "--vkey", key, "--checkpoint", kept, "--format", "json"});
  EXPECT_EQ(auditor.code, 0) << auditor.err;
  EXPECT_THAT(auditor.err, Not(HasSubstr("Caution")));
  EXPECT_EQ(json::parse(auditor.out)["ledgers"].size(), 1u);
  EXPECT_EQ(Verify({"--vkey", key}).code, 2) << "the other ledger is not signed by it";
}

TEST_F(LogVerify, DamageHasAnExitCodeOfItsOwnAndMistakesHaveAnother) {
  StartServer();
  Import();
  StopServer();
  EXPECT_EQ(Verify({"--ledger", "three"}).code, 1);
  EXPECT_EQ(Verify({"--vkey", "no key"}).code, 1);
  EXPECT_EQ(Verify({"--ledger", "one", "--checkpoint", directory_ / "absent"}).code, 1);
  const Finished nowhere =
      RunToEnd({CASELEDGER_PATH, "log", "verify", "--data-dir", directory_ / "nowhere"});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("there is no event store in"));
  EXPECT_FALSE(fs::exists(directory_ / "nowhere"));

  const std::string outside = data_ + "/checkpoints/one/checkpoint";
  const std::string good = ReadWholeFile(outside);
  std::string bad = good;
  bad[bad.size() - 10] = static_cast<char>(bad[bad.size() - 10] ^ 1);
  WriteWholeFile(outside, bad);
  const Finished forged = Verify({"--format", "json"});
  EXPECT_EQ(forged.code, 2);
  const json found = json::parse(forged.out, nullptr, false);
  ASSERT_FALSE(found.is_discarded());
  EXPECT_EQ(found["ledgers"][0]["whole"], false);
  EXPECT_THAT(found["ledgers"][0]["trouble"].get<std::string>(), HasSubstr("ledger one: "));
  EXPECT_EQ(found["ledgers"][1]["whole"], true) << "the others are checked all the same";
  WriteWholeFile(outside, good);
  EXPECT_EQ(Verify().code, 0);

  for (const auto& file : fs::directory_iterator(data_ + "/log")) {
    if (file.path().extension() != ".sst") continue;
    std::string bytes = ReadWholeFile(file.path().string());
    bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
    WriteWholeFile(file.path().string(), bytes);
  }
  const Finished damaged = Verify();
  EXPECT_EQ(damaged.code, 2);
  EXPECT_THAT(damaged.err, HasSubstr("stored bytes are damaged"));
}

}  // namespace
}  // namespace caseledger::testing
