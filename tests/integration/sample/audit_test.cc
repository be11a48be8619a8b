// `caseledger audit` on the sample, as an auditor would use it.
#include <filesystem>
#include <sstream>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class Audit : public SampleTest {
 protected:
  void SetUp() override {
    Use("audit");
    const Finished there = Run({"case", "history", "CASE-2024-0001"});
    if (there.code != 0) LoadDefinitionAndImport();  // the first of the tests
  }
  std::string KeyOf(const std::string& bundle) {
    const std::string keys = ReadWholeFile(bundle + "/verifier-keys.txt");
    return keys.substr(0, keys.find('\n'));
  }
};

TEST_F(Audit, AnExportedCaseIsGoodWithoutTheServer) {
  const std::string bundle = scratch_ / "bundle";
  const json exported =
      json::parse(RunWell({"audit", "export", "CASE-2024-0001", "-o", bundle, "--format", "json"}),
                  nullptr, false);
  EXPECT_EQ(exported["event_count"], 6);
  // Nobody listens there.
  const Finished verified =
      RunToEnd({CASELEDGER_PATH, "--server", "127.0.0.1:1", "audit", "verify", bundle, "--vkey",
                KeyOf(bundle), "--case", "CASE-2024-0001", "--format", "json"});
  ASSERT_EQ(verified.code, 0) << verified.err;
  json said = json::parse(verified.out, nullptr, false);
  EXPECT_EQ(said["complete_up_to"], exported["complete_up_to"]);
  EXPECT_EQ(said["record_id"], exported["record_id"]);
  const std::string log = RunWell({"record", "history", "ledger", "heads"});
  EXPECT_THAT(log, HasSubstr("heads_committed"));
}

TEST_F(Audit, EveryTenthCaseOfTheSampleCanBeExportedAndChecked) {
  const std::string csv = ReadWholeFile(std::string(kSample) + "/cases.csv");
  std::istringstream lines(csv.substr(csv.find('\n') + 1));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::string name = line.substr(0, line.find(','));
    if (count % 10 != 0) continue;
    const std::string bundle = scratch_ / name;
    RunWell({"audit", "export", name, "-o", bundle});
    RunWell({"audit", "verify", bundle, "--vkey", KeyOf(bundle), "--case", name});
  }
  EXPECT_GT(count, 10u);
}

TEST_F(Audit, AChangedBundleHasAnExitCodeOfItsOwn) {
  const std::string bundle = scratch_ / "bundle";
  RunWell({"audit", "export", "CASE-2024-0003", "-o", bundle});
  const std::string page = ReadWholeFile(bundle + "/history.html");
  WriteWholeFile(bundle + "/history.html", page + " ");
  const Finished changed = Run({"audit", "verify", bundle, "--vkey", KeyOf(bundle)});
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.err, HasSubstr("history.html"));
  WriteWholeFile(bundle + "/history.html", page);
  const Finished other =
      Run({"audit", "verify", bundle, "--vkey", KeyOf(bundle), "--case", "CASE-2024-0004"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("CASE-2024-0003"));
}

TEST_F(Audit, WhatCannotBeDoneIsSaid) {
  const Finished unknown = Run({"audit", "export", "CASE-1999-0001", "-o", scratch_ / "none"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_FALSE(fs::exists(scratch_ / "none"));
  EXPECT_FALSE(fs::exists(scratch_ / "none.partial"));
  WriteWholeFile(scratch_ / "file", "x");
  fs::create_directory(scratch_ / "full");
  WriteWholeFile(scratch_ / "full/file", "x");
  const Finished full = Run({"audit", "export", "CASE-2024-0001", "-o", scratch_ / "full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.err, HasSubstr("not empty"));
  const Finished file = Run({"audit", "export", "CASE-2024-0001", "-o", scratch_ / "file"});
  EXPECT_EQ(file.code, 1);
  EXPECT_THAT(file.err, HasSubstr("no directory"));
  EXPECT_TRUE(fs::exists(scratch_ / "file"));
  const Finished no_key = Run({"audit", "verify", scratch_ / "full"});
  EXPECT_EQ(no_key.code, 1);
  EXPECT_THAT(no_key.err, HasSubstr("--vkey"));
  const Finished bad_key = Run({"audit", "verify", scratch_ / "full", "--vkey", "key"});
  EXPECT_EQ(bad_key.code, 1);
  const Finished no_directory =
      Run({"audit", "verify", scratch_ / "nowhere", "--vkey", "x+00000000+AQ=="});
  EXPECT_EQ(no_directory.code, 1);
}

TEST_F(Audit, AnEventIsProvenByItsPositionAndById) {
  const auto replay = auditor().Replay(4000, 1);
  ASSERT_TRUE(replay.ok());
  // Signed within a second of the import.
  std::string by_position;
  ASSERT_TRUE(Eventually([&] {
    const Finished proven = Run({"log", "prove", "4000"});
    by_position = proven.out;
    return proven.code == 0;
  }));
  EXPECT_THAT(by_position, HasSubstr("index 4000"));
  const std::string by_id = RunWell({"log", "prove", replay.value.at(0).event_id()});
  EXPECT_THAT(by_id, HasSubstr("index 4000"));
  EXPECT_EQ(Run({"log", "prove", NewUuid()}).code, 1);
  EXPECT_EQ(Run({"log", "prove", "first"}).code, 1);
}

TEST_F(Audit, TheLogIsReadAsOfAPoint) {
  const std::string all = RunWell({"log", "read", "--from", "100", "--as-of", "101"});
  EXPECT_THAT(all, HasSubstr("#101 "));
  EXPECT_THAT(all, ::testing::Not(HasSubstr("#102 ")));
  EXPECT_EQ(RunWell({"log", "read", "--as-of-occurred", "1990-01-01"}), "");
}

}  // namespace
}  // namespace caseledger::testing
