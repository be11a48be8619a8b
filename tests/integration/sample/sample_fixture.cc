#include "tests/integration/sample/sample_fixture.h"

#include <signal.h>

#include <filesystem>
#include <sstream>

#include "eventstore/base/clock.h"
#include "gmock/gmock.h"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/kept_output.h"

namespace caseledger::testing {

ScratchDirectory* SampleTest::directory_ = nullptr;
Cast* SampleTest::cast_ = nullptr;
ServerProcess* SampleTest::server_ = nullptr;

Lines::Lines(std::string path) : path_(std::move(path)) {
  std::istringstream text(ReadWholeFile(path_));
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines_.push_back(line);
  }
}

void Lines::Save() const {
  std::string text;
  for (const std::string& line : lines_) text += line + "\r\n";
  WriteWholeFile(path_, text);
}

void SampleTest::SetUpTestSuite() {
  const std::vector<std::string> ledgers = {
      "units",   "whole", "bad-rows",  "slipped", "later-rows",  "late-entries",   "histories",
      "rebuilt", "audit", "published", "areas",   "wrong-areas", "published-areas"};
  directory_ = new ScratchDirectory();
  cast_ = new Cast(*directory_ / "pki");
  for (const std::string& ledger : ledgers) {
    cast_->Begin(*directory_ / "data", ledger, SystemClock());
  }
  server_ = new ServerProcess(*directory_ / "data", ledgers, cast_->ServerFlags(NoAgencyLimits()));
  cast_->Serve(server_->address());
}

void SampleTest::TearDownTestSuite() {
  const std::string metrics = HttpGet(server_->metrics_port(), "/metrics");
  EXPECT_THAT(metrics, ::testing::HasSubstr("caseledger_events{ledger="));
  KeepOutput("metrics", metrics);
  server_->process().Signal(SIGTERM);
  EXPECT_EQ(server_->process().Wait(), 0);
  delete server_;
  delete cast_;
  delete directory_;
}

void SampleTest::Use(const std::string& ledger) {
  ASSERT_FALSE(server_->address().empty());
  ledger_ = ledger;
  for (const Who& who : {kDataSteward, kDashboardViewer}) cast_->Admit(ledger, who);
  auditor_ = ClientOf(Cast::Auditor());
}

std::unique_ptr<Client> SampleTest::ClientOf(const Who& who) const {
  cast_->Admit(ledger_, who);
  return std::make_unique<Client>(*cast_, ledger_, who);
}

Finished SampleTest::Run(const Who& who, const std::vector<std::string>& arguments) const {
  cast_->Admit(ledger_, who);
  std::vector<std::string> all = {CASELEDGER_PATH, "--ledger", ledger_};
  for (const std::string& flag : cast_->ProgramFlags(who)) all.push_back(flag);
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunToEnd(all);
}

std::string SampleTest::RunWell(const Who& who, const std::vector<std::string>& arguments) const {
  const Finished finished = Run(who, arguments);
  EXPECT_EQ(finished.code, 0) << finished.err << finished.out;
  return finished.out;
}

void SampleTest::LoadDefinitionAndImport(const std::string& directory) {
  RunWell(kDataSteward, {"definition", "load", kDefinitionFile});
  RunWell(kDataSteward, {"import", directory});
}

std::string SampleTest::Report(const std::string& as_of) const {
  std::vector<std::string> arguments = {"report", "qn-half-year", "--from",   "2024-01-01",
                                        "--to",   "2024-07-01",   "--format", "csv"};
  if (!as_of.empty()) arguments.insert(arguments.end(), {"--as-of", as_of});
  return RunWell(kDataSteward, arguments);
}

std::string SampleTest::CopyOfSample() {
  const std::string copy = scratch_ / "sample";
  std::filesystem::copy(kSample, copy);
  return copy;
}

}  // namespace caseledger::testing
