// The real `caseledger` program against a server of its own process, with a ledger per test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {

inline constexpr char kSample[] = "deploy/sample/quang-ninh-2024-h1";
inline constexpr char kDefinitionFile[] = "deploy/reports/qn-half-year.textproto";

// The lines of a CSV file, to be changed and written back with CRLF. Line 1 is `at(1)`.
class Lines {
 public:
  explicit Lines(std::string path);
  std::string& at(size_t line) { return lines_.at(line - 1); }
  size_t count() const { return lines_.size(); }
  void Save() const;

 private:
  std::string path_;
  std::vector<std::string> lines_;
};

class SampleTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  // Uses the ledger from here on.
  void Use(const std::string& ledger);
  // `caseledger --server … --ledger … --agency ctxh-qn ARGUMENTS`.
  Finished Run(const std::vector<std::string>& arguments) const;
  // The same; must exit with 0.
  std::string RunWell(const std::vector<std::string>& arguments) const;
  void LoadDefinitionAndImport(const std::string& directory = kSample);
  // The report on the sample's half-year, as CSV.
  std::string Report(const std::string& as_of = "") const;
  // A copy of the sample that may be changed.
  std::string CopyOfSample();
  const Client& client() const { return *client_; }

  static ServerProcess* server_;
  static ScratchDirectory* directory_;
  std::string ledger_;
  std::unique_ptr<Client> client_;
  ScratchDirectory scratch_;
};

}  // namespace caseledger::testing
