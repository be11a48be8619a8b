// The access trail with the programs alone: the command line, a server that is killed, and what an
// auditor checks offline.
#include <signal.h>

#include <memory>

#include "eventstore/base/clock.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"
#include "tests/support/test_storage.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// Of the operator: the agency of the sample comes with the import.
const Who kSteward{"nhap-lieu", "so-qn", "data_steward"};
const Who kWorker{"lan", "ctxh-qn", "case_worker"};
const Who kSupervisor{"minh", "ctxh-qn", "supervisor"};

class TrailPrograms : public ::testing::Test {
 protected:
  void SetUp() override {
    cast_.Begin(directory_ / "data", "qn", SystemClock());
    StartServer();
    RunAs(kSteward, {"import", kSample});
  }
  void StartServer() {
    server_ = std::make_unique<ServerProcess>(directory_ / "data", std::vector<std::string>{"qn"},
                                              cast_.identities().ServerFlags());
    ASSERT_FALSE(server_->address().empty());
    cast_.Serve(server_->address());
  }

  Finished Run(const Who& who, const std::vector<std::string>& arguments) {
    cast_.Admit("qn", who);
    std::vector<std::string> all = cast_.ProgramFlags(who);
    all.insert(all.begin(), CASELEDGER_PATH);
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunToEnd(all);
  }
  std::string RunAs(const Who& who, const std::vector<std::string>& arguments) {
    const Finished finished = Run(who, arguments);
    EXPECT_EQ(finished.code, 0) << finished.err << finished.out;
    return finished.out;
  }
  json JsonOf(const Who& who, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    json parsed = json::parse(RunAs(who, arguments), nullptr, false);
    EXPECT_FALSE(parsed.is_discarded());
    return parsed;
  }

  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(TrailPrograms, TellWhoSawWhat) {
  RunAs(kWorker, {"case", "show", "CASE-2024-0082"});
  EXPECT_THAT(RunAs(kSupervisor, {"access", "who-saw", "CASE-2024-0082"}),
              HasSubstr("ctxh-qn/lan"));
  const json seen = JsonOf(kWorker, {"access", "seen-by", "lan"});
  ASSERT_EQ(seen["entries"].size(), 1u);
  EXPECT_EQ(seen["entries"][0]["accessed"]["action"], "GetCase");
  EXPECT_EQ(Run({"hoa", "ctxh-qn", "case_worker"}, {"case", "show", "CASE-1999-0001"}).code, 1);
  EXPECT_THAT(RunAs(Cast::Auditor(), {"access", "denials"}),
              HasSubstr("GetCase refused: RECORD_UNKNOWN"));
  EXPECT_THAT(RunAs(Cast::Auditor(), {"access", "denials", "--of", "bv-tinh"}),
              Not(HasSubstr("GetCase")));
}

TEST_F(TrailPrograms, UseAndReviewBreakGlass) {
  const json use = JsonOf(kWorker, {"access", "break-glass", "use", "CASE-2024-0082", "--reason",
                                    "ambulance", "--minutes", "30"});
  const std::string id = use["break_glass_event_id"];
  EXPECT_THAT(RunAs(kSupervisor, {"access", "break-glass", "list"}), HasSubstr("awaited"));
  EXPECT_EQ(Run(kWorker, {"access", "break-glass", "review", id, "--finding", "justified"}).code,
            1);
  EXPECT_EQ(Run(kSupervisor, {"access", "break-glass", "review", id, "--finding", "perhaps"}).code,
            1);
  RunAs(kSupervisor,
        {"access", "break-glass", "review", id, "--finding", "justified", "--note", "so"});
  EXPECT_EQ(JsonOf(kSupervisor, {"access", "break-glass", "list"})["uses"].size(), 0u);
  EXPECT_THAT(RunAs(kSupervisor, {"access", "break-glass", "list", "--all"}),
              HasSubstr("justified, ctxh-qn/minh"));
}

TEST_F(TrailPrograms, RecordWhatLeftOnPaper) {
  const json shown = JsonOf(kWorker, {"case", "show", "CASE-2024-0082"});
  const std::string person = shown["participants"][0]["person_id"];
  RunAs(kWorker, {"access", "disclose", "CASE-2024-0082", person, "--to", "toa-an", "--field",
                  "full_name", "--legal-basis", "Court order 12"});
  const std::string listed = RunAs(kWorker, {"access", "disclosures", person});
  EXPECT_THAT(listed, HasSubstr("Court order 12"));
  EXPECT_THAT(listed, HasSubstr("received something: toa-an"));
  EXPECT_THAT(RunAs(kWorker, {"access", "disclosures", person, "--consent", "c1"}),
              HasSubstr("received something: nobody"));
}

TEST_F(TrailPrograms, AnEntryThatWasAnsweredOutlivesAKill) {
  RunAs(kWorker, {"case", "show", "CASE-2024-0082"});
  server_->process().Signal(SIGKILL);
  server_->process().Wait();
  std::vector<std::string> verify = {CASELEDGER_PATH,     "log",      "verify", "--data-dir",
                                     directory_ / "data", "--format", "json"};
  for (std::string& flag : EngineFlagsFor(directory_ / "data")) verify.push_back(std::move(flag));
  const Finished verified = RunToEnd(verify);
  EXPECT_EQ(verified.code, 0) << verified.err;
  const json ledgers = json::parse(verified.out, nullptr, false)["ledgers"];
  ASSERT_EQ(ledgers.size(), 2u);
  EXPECT_EQ(ledgers[1]["ledger"], "qn.access");
  EXPECT_EQ(ledgers[1]["whole"], true);
  StartServer();
  EXPECT_EQ(JsonOf(kWorker, {"access", "seen-by", "lan"})["entries"].size(), 1u);
}

TEST_F(TrailPrograms, AnActorsTrailIsCheckedWithoutTheServer) {
  for (int i = 0; i < 3; ++i) RunAs(kWorker, {"case", "show", "CASE-2024-0082"});
  const std::string bundle = directory_ / "bundle";
  RunAs(Cast::Auditor(), {"--ledger", "qn.access", "audit", "export", "ctxh-qn/lan", "--kind",
                          "access_trail", "-o", bundle});
  const std::string keys = ReadWholeFile(bundle + "/verifier-keys.txt");
  const Finished verified =
      RunToEnd({CASELEDGER_PATH, "--server", "127.0.0.1:1", "audit", "verify", bundle, "--vkey",
                keys.substr(0, keys.find('\n')), "--case", "ctxh-qn/lan", "--format", "json"});
  ASSERT_EQ(verified.code, 0) << verified.err;
  EXPECT_EQ(json::parse(verified.out, nullptr, false)["event_count"], 3);
  const Finished another = RunToEnd({CASELEDGER_PATH, "audit", "verify", bundle, "--vkey",
                                     keys.substr(0, keys.find('\n')), "--case", "ctxh-qn/minh"});
  EXPECT_EQ(another.code, 2) << "it is the trail of somebody else";
}

}  // namespace
}  // namespace caseledger::testing
