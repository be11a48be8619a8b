// All rows of a table, for comparing.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "projections/read_model/read_model.h"

namespace caseledger::projections::testing {

using Rows = std::vector<std::pair<std::string, std::string>>;

inline Rows AllRows(const ReadSnapshot& snapshot, std::string_view begin = "",
                    std::string_view end = "") {
  Rows rows;
  const absl::Status status =
      snapshot.Scan(begin, end, [&](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

}  // namespace caseledger::projections::testing
