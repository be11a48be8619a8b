#include "tests/integration/sample/sample_fixture.h"

#include <signal.h>

#include <filesystem>
#include <sstream>

#include "gmock/gmock.h"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/kept_output.h"

namespace caseledger::testing {

ServerProcess* SampleTest::server_ = nullptr;
ScratchDirectory* SampleTest::directory_ = nullptr;

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
  directory_ = new ScratchDirectory();
  server_ =
      new ServerProcess(*directory_ / "data", {"whole", "bad-rows", "slipped", "later-rows",
                                               "late-entries", "histories", "rebuilt", "audit"});
}

void SampleTest::TearDownTestSuite() {
  const std::string metrics = HttpGet(server_->metrics_port(), "/metrics");
  EXPECT_THAT(metrics, ::testing::HasSubstr("caseledger_events{ledger="));
  KeepOutput("metrics", metrics);
  server_->process().Signal(SIGTERM);
  EXPECT_EQ(server_->process().Wait(), 0);
  delete server_;
  delete directory_;
}

void SampleTest::Use(const std::string& ledger) {
  ASSERT_FALSE(server_->address().empty());
  ledger_ = ledger;
  client_ = std::make_unique<Client>(server_->address(), ledger);
}

Finished SampleTest::Run(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {CASELEDGER_PATH, "--server", server_->address(),
                                  "--ledger",      ledger_,    "--agency",
                                  "ctxh-qn",       "--actor",  "nv-07"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunToEnd(all);
}

std::string SampleTest::RunWell(const std::vector<std::string>& arguments) const {
  const Finished finished = Run(arguments);
  EXPECT_EQ(finished.code, 0) << finished.err << finished.out;
  return finished.out;
}

void SampleTest::LoadDefinitionAndImport(const std::string& directory) {
  RunWell({"definition", "load", kDefinitionFile});
  RunWell({"import", directory});
}

std::string SampleTest::Report(const std::string& as_of) const {
  std::vector<std::string> arguments = {"report", "qn-half-year", "--from",   "2024-01-01",
                                        "--to",   "2024-07-01",   "--format", "csv"};
  if (!as_of.empty()) arguments.insert(arguments.end(), {"--as-of", as_of});
  return RunWell(arguments);
}

std::string SampleTest::CopyOfSample() {
  const std::string copy = scratch_ / "sample";
  std::filesystem::copy(kSample, copy);
  return copy;
}

}  // namespace caseledger::testing
