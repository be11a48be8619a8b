// A whole server in the test's process, on a clock that only moves when told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/random.h"
#include "gtest/gtest.h"
#include "services/app/server/server.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"

namespace caseledger::testing {

class ServerTest : public ::testing::Test {
 protected:
  explicit ServerTest(std::vector<std::string> ledgers = {"quang-ninh"}) {
    options_.data_dir = directory_ / "data";
    options_.plaintext = true;
    options_.listen = "127.0.0.1:0";
    options_.metrics_listen = "";
    options_.log_listen = "127.0.0.1:0";
    options_.ledgers = std::move(ledgers);
    options_.log_level = "error";
  }
  ~ServerTest() override { Stop(); }

  void SetUp() override { Start(); }

  void Start() {
    auto server = app::StartServer(options_, clock_, SystemRandom());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = std::make_unique<Client>(address());
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
  const Client& client() const { return *client_; }
  int64_t now_seconds() { return clock_.Now() / kMicrosPerSecond; }
  void AdvanceSeconds(int64_t seconds) { clock_.Advance(seconds * kMicrosPerSecond); }

  void RegisterAgency(const std::string& id) {
    client().Record(id, "agency_registered { kind: 'social_work_centre' name_vi: 'Trung tâm' }");
  }
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
  app::ServerOptions options_;
  std::unique_ptr<app::Server> server_;
  std::unique_ptr<Client> client_;
};

}  // namespace caseledger::testing
