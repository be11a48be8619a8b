// Flags of a test program's own, beside those of GoogleTest.
#pragma once

#include <functional>
#include <string_view>

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

}  // namespace caseledger::testing
