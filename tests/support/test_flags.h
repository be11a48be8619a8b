// Flags of a test program's own, beside those of GoogleTest.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"

namespace caseledger::testing {

// What a test program's main does: hands `--NAME VALUE` pairs to `take`, then runs the tests.
inline int RunTestsWithFlags(
    int argc, char** argv,
    const std::function<void(std::string_view name, const char* value)>& take) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; i += 2) take(argv[i], argv[i + 1]);
  return RUN_ALL_TESTS();
}

// Prints what to run the program with again, once the flags are known. For
// AddGlobalTestEnvironment.
class SaysFlags final : public ::testing::Environment {
 public:
  explicit SaysFlags(std::function<std::string()> command) : command_(std::move(command)) {}
  void SetUp() override { std::printf("%s\n", command_().c_str()); }

 private:
  const std::function<std::string()> command_;
};

}  // namespace caseledger::testing
