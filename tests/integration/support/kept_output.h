// What programs under test wrote, kept for whoever looks through all output of a run
// (tests/checks/output.sh). CTest says where by CASELEDGER_TEST_OUTPUT; without it nothing is kept.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace caseledger::testing {

// `Suite.Test` that runs, `none` between tests.
inline std::string NameOfRunningTest() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name =
      test == nullptr ? "none" : std::string(test->test_suite_name()) + "." + test->name();
  for (char& c : name) {
    if (c == '/') c = '-';
  }
  return name;
}

// Keeps `text` in a file of its own, with the test's name in its name. `kind`, such as
// `caseledgerd.log`, ends it. Thread-safe. A failure fails the test.
inline void KeepOutput(const std::string& kind, const std::string& text) {
  static std::atomic<int> count = 0;
  const char* directory = std::getenv("CASELEDGER_TEST_OUTPUT");
  if (directory == nullptr || text.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::filesystem::path path =
      std::filesystem::path(directory) / (NameOfRunningTest() + "." + std::to_string(getpid()) +
                                          "-" + std::to_string(++count) + "." + kind);
  std::ofstream file(path, std::ios::binary);
  file << text;
  EXPECT_TRUE(file.flush().good()) << path;
}

}  // namespace caseledger::testing
