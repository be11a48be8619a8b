// A server with its vault as a child process, its people, and what a reader of everything is shown.
// All that programs under test write lies below one directory: data, temporary files, and what they
// said.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "google/protobuf/text_format.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {

inline constexpr char kPrivacyLedger[] = "quang-ninh";

class PrivacyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakePlaces();
    Start();
  }

  // What a server can be started on.
  void MakePlaces() {
    std::filesystem::create_directories(directory_ / "temporary");
    std::filesystem::create_directories(directory_ / "outputs");
    cast_.Begin(data_dir_, kPrivacyLedger, SystemClock());
  }

  void Start(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> all = NoAgencyLimits();
    all.insert(all.end(), flags.begin(), flags.end());
    server_ = std::make_unique<ServerProcess>(data_dir_, std::vector<std::string>{kPrivacyLedger},
                                              cast_.ServerFlags(all), Environment());
    ASSERT_NE(server_->address(), "") << server_->process().err();
    cast_.Serve(server_->address());
  }
  void Stop() {
    server_->process().Signal(SIGTERM);
    ASSERT_EQ(server_->process().Wait(), 0);
    KeepOutputs("caseledgerd", server_->process().out(), server_->process().err());
  }
  void Kill() {
    server_->process().Signal(SIGKILL);
    server_->process().Wait();
    KeepOutputs("caseledgerd", server_->process().out(), server_->process().err());
  }

  // Where programs under test look for a place of their own.
  std::vector<std::string> Environment() const {
    std::vector<std::string> variables;
    for (const char* name : {"TMPDIR", "TMP", "TEMP", "HOME"}) {
      variables.push_back(std::string(name) + "=" + (directory_ / "temporary"));
    }
    return variables;
  }

  // `caseledger … WORDS` as somebody, to its end.
  Finished Program(const Who& who, const std::vector<std::string>& words) {
    cast_.Admit(kPrivacyLedger, who);
    std::vector<std::string> command = {CASELEDGER_PATH, "--ledger", kPrivacyLedger};
    for (const std::string& flag : cast_.ProgramFlags(who)) command.push_back(flag);
    command.insert(command.end(), words.begin(), words.end());
    const Finished finished = RunToEnd(command, Environment());
    KeepOutputs("caseledger", finished.out, finished.err);
    return finished;
  }
  // The same; must exit with 0. What it printed.
  std::string ProgramWell(const Who& who, const std::vector<std::string>& words) {
    const Finished finished = Program(who, words);
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    return finished.out;
  }

  // The whole ledger as somebody is shown it, Vietnamese as it is; the auditor has a warrant.
  std::string Everything(const Who& who = Cast::Auditor()) {
    Client reader(cast_, kPrivacyLedger, who);
    google::protobuf::TextFormat::Printer printer;
    printer.SetUseUtf8StringEscaping(true);
    const auto events = reader.Replay();
    EXPECT_TRUE(events.ok()) << events.status.error_message();
    std::string text;
    for (const v1::RecordedEvent& event : events.value) {
      std::string one;
      EXPECT_TRUE(printer.PrintToString(event, &one));
      text += one;
    }
    return text;
  }

  // What a server with this data says when it does not start.
  std::string RefusalToStart(const std::string& data_dir,
                             const std::vector<std::string>& flags = {}) {
    std::vector<std::string> command = {
        CASELEDGERD_PATH, "--data-dir",       data_dir, "--ledger",     kPrivacyLedger, "--listen",
        "127.0.0.1:0",    "--metrics-listen", "none",   "--log-listen", "none"};
    for (const std::string& flag : cast_.ServerFlags(flags)) command.push_back(flag);
    const Finished server = RunToEnd(command);
    EXPECT_NE(server.code, 0);
    return server.err;
  }

  std::string RefusalToStart() { return RefusalToStart(data_dir_); }

  // As files, for a scan.
  void KeepOutputs(const std::string& program, const std::string& out, const std::string& err) {
    const std::string name = directory_ / "outputs/" + program + "-" + std::to_string(++outputs_);
    WriteWholeFile(name + ".out", out);
    WriteWholeFile(name + ".err", err);
  }

  ScratchDirectory directory_;
  const std::string data_dir_ = directory_ / "data";
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
  int outputs_ = 0;
};

}  // namespace caseledger::testing
