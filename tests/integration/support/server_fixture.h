// A whole server in the test's process, on a clock that only moves when told: over TLS, with
// identities, in ledgers that began with an administrator and the default rules.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "eventstore/base/random.h"
#include "gtest/gtest.h"
#include "services/app/server/server.h"
#include "services/rpc/tls.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_storage.h"

namespace caseledger::testing {

// Before main() and so before gRPC looks.
inline const bool kOnlyTls13 = (rpc::SpeakOnlyTls13(), true);

class ServerTest : public ::testing::Test {
 protected:
  explicit ServerTest(std::vector<std::string> ledgers = {"quang-ninh"}) {
    options_.data_dir = directory_ / "data";
    cast_.identities().Configure(options_);
    // One agency does what many would: limits are tested in access/limits_test.cc.
    options_.connections = {4'096, 4'096, 0, 0};
    options_.agency.calls_per_second = 0;
    options_.agency.commands_per_second = 0;
    options_.agency.calls_at_a_time = access::AgencyLimits::kMost;
    options_.agency.streams_at_a_time = access::AgencyLimits::kMost;
    options_.agency.batches_at_a_time = access::AgencyLimits::kMost;
    options_.agency.undecided_commands = access::AgencyLimits::kMost;
    options_.listen = "127.0.0.1:0";
    options_.metrics_listen = "";
    options_.log_listen = "127.0.0.1:0";
    options_.ledgers = std::move(ledgers);
    options_.log_level = "error";
  }
  ~ServerTest() override { Stop(); }

  void SetUp() override { Start(); }

  void Start() {
    if (begun_.insert(options_.data_dir).second) {
      for (const std::string& ledger : options_.ledgers) {
        cast_.Begin(options_.data_dir, ledger, clock_);
      }
    }
    options_.storage = StorageFor(options_.data_dir);
    auto server = app::StartServer(options_, clock_, SystemRandom());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    cast_.Serve(address());
    client_ = std::make_unique<Client>(cast_, "", caller_);
    client_->Admit(caller_);
    auditor_ = std::make_unique<Client>(cast_, "", Cast::Auditor());
    auditor_->Admit(Cast::Auditor());
  }
  void Stop() {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->Shutdown().ok());
    server_.reset();
  }
  void Restart() {
    Stop();
    Start();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  Cast& cast() { return cast_; }
  // As `caller_`. Their roles and the auditor's are granted at the start.
  const Client& client() const { return *client_; }
  // Reads whole ledgers.
  const Client& auditor() const { return *auditor_; }
  int64_t now_seconds() { return clock_.Now() / kMicrosPerSecond; }
  void AdvanceSeconds(int64_t seconds) { clock_.Advance(seconds * kMicrosPerSecond); }

  // Once, whoever asked for it before.
  void RegisterAgency(const std::string& id) { cast_.Register("", id); }
  std::string RegisterPerson() {
    return client()
        .Record("", "person_registered { attributes { sex: 'female' birth_year: 1990 } }")
        .record_id();
  }
  // Opens a case of agency `ctxh-qn`.
  std::string OpenCase() {
    return client()
        .Record("",
                "case_opened { case_type: 'gender_based_violence' concerns: "
                "'domestic_violence' owner_agency_id: 'ctxh-qn' }")
        .record_id();
  }
  // The same with a client.
  std::string OpenCaseFor(const std::string& person_id) {
    const std::string case_id = OpenCase();
    client().Record(case_id, "participant_added { person_id: '" + person_id +
                                 "' role: PARTICIPANT_ROLE_CLIENT }");
    return case_id;
  }

  // Must be refused so, saying why, and leave nothing behind.
  Refusal ExpectRefused(const v1::Command& command, grpc::StatusCode code,
                        const std::string& reason, const Who& who = {}) {
    client().Admit(who);
    const uint64_t head = client().EventCount();
    const Answer<v1::CommandResult> answer = client().Send(command, who);
    EXPECT_EQ(answer.status.error_code(), code) << answer.status.error_message();
    if (answer.ok()) return {};
    Refusal refusal = Explain(answer.status);
    EXPECT_EQ(refusal.reason, reason) << answer.status.error_message();
    EXPECT_EQ(refusal.domain, "caseledger");
    EXPECT_EQ(client().EventCount(), head) << "a refused command left something behind";
    return refusal;
  }

  ScratchDirectory directory_;
  FakeClock clock_;
  Cast cast_{directory_ / "pki"};
  std::set<std::string> begun_;  // data directories
  app::ServerOptions options_;
  Who caller_;  // as set before the server starts
  std::unique_ptr<app::Server> server_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Client> auditor_;
};

}  // namespace caseledger::testing
