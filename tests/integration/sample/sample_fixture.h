// The real `caseledger` program against a server of its own process, with a ledger per test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/integration/support/cast.h"
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

// Of the operator, since the agencies of the sample come with the import.
inline const Who kDataSteward{"nhap-lieu", "so-qn", "data_steward"};
inline const Who kDashboardViewer{"bao-cao", "so-qn", "dashboard_viewer"};

class SampleTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  // Uses the ledger from here on. The data steward, the dashboard's viewer and the auditor have
  // their roles in it, whatever was recorded before; others get theirs when they first call.
  void Use(const std::string& ledger);
  // `caseledger --server … --cert … --token-file … --ledger … ARGUMENTS` as somebody; as the
  // auditor, who reads all, when nobody is named.
  Finished Run(const Who& who, const std::vector<std::string>& arguments) const;
  Finished Run(const std::vector<std::string>& arguments) const {
    return Run(Cast::Auditor(), arguments);
  }
  // The same; must exit with 0.
  std::string RunWell(const Who& who, const std::vector<std::string>& arguments) const;
  std::string RunWell(const std::vector<std::string>& arguments) const {
    return RunWell(Cast::Auditor(), arguments);
  }
  void LoadDefinitionAndImport(const std::string& directory = kSample);
  // The report on the sample's half-year, as CSV.
  std::string Report(const std::string& as_of = "") const;
  // A copy of the sample that may be changed.
  std::string CopyOfSample();
  // Reads all of the ledger.
  const Client& auditor() const { return *auditor_; }
  // Somebody else, with their role from now on.
  std::unique_ptr<Client> ClientOf(const Who& who) const;

  static ScratchDirectory* directory_;
  static Cast* cast_;
  static ServerProcess* server_;
  std::string ledger_;
  std::unique_ptr<Client> auditor_;
  ScratchDirectory scratch_;
};

}  // namespace caseledger::testing
