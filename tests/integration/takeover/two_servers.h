// Servers on one database, one of them at work: with directories of their own, and the keys on a
// volume that both see.
#pragma once

#include <signal.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/test_storage.h"

namespace caseledger::testing {

inline constexpr char kSharedLedger[] = "quang-ninh";
inline constexpr char kOpened[] =
    "case_opened { case_type: 'gender_based_violence' concerns: 'domestic_violence' "
    "owner_agency_id: 'ctxh-qn' }";

class TwoServersTest : public ::testing::Test {
 protected:
  explicit TwoServersTest(app::StorageChoice storage = NewDatabase())
      : storage_(std::move(storage)) {
    // What begins the ledger makes the wrapping key.
    cast_.BeginIn(storage_, directory_ / "shared", kSharedLedger, SystemClock());
  }

  std::vector<std::string> Flags(std::vector<std::string> more = {}) const {
    std::vector<std::string> flags = cast_.ServerFlags(NoAgencyLimits());
    const std::string shared = directory_ / "shared";
    for (const char* folder : {"key", "checkpoint", "wrapping-key"}) {
      flags.insert(flags.end(), {StrCat("--", folder, "-dir"), StrCat(shared, "/", folder, "s")});
    }
    const std::vector<std::string> storage = StorageFlags(storage_);
    flags.insert(flags.end(), storage.begin(), storage.end());
    if (!storage_.read_dsn.empty()) flags.insert(flags.end(), {"--read-dsn", storage_.read_dsn});
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
  // With read models of its own in the directory of that name.
  std::unique_ptr<ServerProcess> StandBy(const std::string& name) {
    return std::make_unique<ServerProcess>(ServerProcess::StandingBy{}, directory_ / name,
                                           std::vector<std::string>{kSharedLedger},
                                           Flags({"--standby"}));
  }
  std::unique_ptr<ServerProcess> Work(const std::string& name) {
    auto server = StandBy(name);
    Serve(*server);
    return server;
  }
  // Clients that are made from now on call it, once it is at work.
  void Serve(ServerProcess& server) {
    ASSERT_TRUE(server.AwaitListening());
    cast_.Serve(server.address());
  }
  static void Kill(ServerProcess& server) {
    server.process().Signal(SIGKILL);
    EXPECT_EQ(server.process().Wait(), -SIGKILL);
  }
  static void Stop(ServerProcess& server) {
    server.process().Signal(SIGTERM);
    EXPECT_EQ(server.process().Wait(), 0) << server.process().err();
  }
  // What Prometheus reads from there; NaN: no such series.
  static double MetricAt(int port, const std::string& series) {
    const std::string page = HttpGet(port, "/metrics");
    const size_t found = page.find("\n" + series + " ");
    if (found == std::string::npos) return std::numeric_limits<double>::quiet_NaN();
    return std::strtod(page.c_str() + found + series.size() + 2, nullptr);
  }
  static double PagesFrom(const ServerProcess& server, const std::string& place) {
    return MetricAt(server.metrics_port(),
                    StrCat("caseledger_database_pages_total{place=\"", place, "\"}"));
  }
  // `caseledger …` with the flags of the storage.
  Finished Program(std::vector<std::string> words, bool with_storage = true) const {
    words.insert(words.begin(), CASELEDGER_PATH);
    if (with_storage) words.insert(words.end(), {"--dsn", storage_.dsn});
    return RunToEnd(words);
  }
  // Everything that is recorded, checked by the program that checks copies.
  Finished Verify() const {
    return Program({"log", "verify", "--data-dir", directory_ / "shared", "--engine", "postgres",
                    "--key-dir", StrCat(directory_ / "shared", "/keys"), "--checkpoint-dir",
                    StrCat(directory_ / "shared", "/checkpoints"), "--format", "json"});
  }

  const app::StorageChoice storage_;
  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};
};

}  // namespace caseledger::testing
