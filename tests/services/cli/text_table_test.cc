#include "services/app/cli/print/text_table.h"

#include <gtest/gtest.h>

namespace caseledger::cli {
namespace {

TEST(TextTable, AlignsByDisplayWidth) {
  TextTable table({{"nhãn"}, {"value", Align::kRight}});
  table.AddRow({"Tổng đài", "5"});
  table.AddRow({"To\xCC\x82\xCC\x89ng", "1199"});
  EXPECT_EQ(table.ToString(),
            "nhãn      value\n"
            "--------  -----\n"
            "Tổng đài      5\n"
            "To\xCC\x82\xCC\x89ng       1199\n");
}

TEST(TextTable, CutsLongCellsAndKeepsOneLineEach) {
  TextTable table({{"a", Align::kLeft, 5}, {"b"}});
  table.AddRow({"một hai ba", "x\ny"});
  EXPECT_EQ(table.ToString(),
            "a      b\n"
            "-----  ---\n"
            "một …  x y\n");
}

}  // namespace
}  // namespace caseledger::cli
