// A server with its vault as a child process, its people, and what a reader of everything is shown.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

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
    cast_.Begin(data_dir_, kPrivacyLedger, SystemClock());
    Start();
  }

  void Start(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> all = NoAgencyLimits();
    all.insert(all.end(), flags.begin(), flags.end());
    server_ = std::make_unique<ServerProcess>(data_dir_, std::vector<std::string>{kPrivacyLedger},
                                              cast_.ServerFlags(all));
    ASSERT_NE(server_->address(), "") << server_->process().err();
    cast_.Serve(server_->address());
  }
  void Stop() {
    server_->process().Signal(SIGTERM);
    ASSERT_EQ(server_->process().Wait(), 0);
  }
  void Kill() {
    server_->process().Signal(SIGKILL);
    server_->process().Wait();
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

  ScratchDirectory directory_;
  const std::string data_dir_ = directory_ / "data";
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace caseledger::testing
