#include "services/app/cli/text/phone.h"

#include <gtest/gtest.h>

namespace caseledger::cli {
namespace {

TEST(Phone, VietnameseNumbersBecomeE164) {
  EXPECT_EQ(NormalizePhone("0912 345 678"), "+84912345678");
  EXPECT_EQ(NormalizePhone("+84 912.345.678"), "+84912345678");
  EXPECT_EQ(NormalizePhone("84912345678"), "+84912345678");
  EXPECT_EQ(NormalizePhone("0084 912-345-678"), "+84912345678");
  EXPECT_EQ(NormalizePhone("(0203) 382 5555"), "+842033825555");
}

TEST(Phone, AnythingElseStaysAsTold) {
  for (const char* told : {"", "0000639925", "18001769", "+49 30 1234567", "091234567",
                           "0912345678 ask for Lan", "0112345678"}) {
    EXPECT_EQ(NormalizePhone(told), told);
  }
}

}  // namespace
}  // namespace caseledger::cli
