#include "projections/person_search/text/numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caseledger::projections::person_search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PhoneNumbers, SpellingsOfAMobileAreOne) {
  for (const char* told :
       {"0912345678", "0912 345 678", "0912.345.678", "0912-345-678", "+84912345678",
        "+84 912 345 678", "84912345678", "0084 912 345 678", "(+84) 0912345678",
        "+84 (0)912 345 678", "912345678", "０９１２３４５６７８", "0912,345,678"}) {
    EXPECT_THAT(PhoneNumbers(told), ElementsAre("+84912345678")) << told;
  }
}

TEST(PhoneNumbers, LandlinesAreOne) {
  for (const char* told :
       {"(0203) 3825 555", "02033825555", "+84 203 3825555", "842033825555", "2033825555"}) {
    EXPECT_THAT(PhoneNumbers(told), ElementsAre("+842033825555")) << told;
  }
}

TEST(PhoneNumbers, TheSampleWithItsManyZeroesIsOne) {
  for (const char* told : {"0000639925", "0000 639 925", "+84 000639925", "84000639925"}) {
    EXPECT_THAT(PhoneNumbers(told), ElementsAre("+84000639925")) << told;
  }
}

TEST(PhoneNumbers, PrefixesOf2018BecomeThoseOfToday) {
  const struct {
    const char* before;
    const char* after;
  } moved[] = {{"0120", "70"}, {"0121", "79"}, {"0122", "77"}, {"0126", "76"}, {"0128", "78"},
               {"0123", "83"}, {"0124", "84"}, {"0125", "85"}, {"0127", "81"}, {"0129", "82"},
               {"0162", "32"}, {"0163", "33"}, {"0164", "34"}, {"0165", "35"}, {"0166", "36"},
               {"0167", "37"}, {"0168", "38"}, {"0169", "39"}, {"0186", "56"}, {"0188", "58"},
               {"0199", "59"}};
  for (const auto& [before, after] : moved) {
    const std::string today = std::string("+84") + after + "1234567";
    EXPECT_THAT(PhoneNumbers(std::string(before) + "1234567"), ElementsAre(today));
    EXPECT_THAT(PhoneNumbers(std::string("+84") + (before + 1) + "1234567"), ElementsAre(today));
    EXPECT_THAT(PhoneNumbers(std::string(before + 1) + "1234567"), ElementsAre(today));
  }
  // 0160 was nobody's, and a number of today is not moved.
  EXPECT_THAT(PhoneNumbers("01601234567"), ElementsAre("+841601234567"));
  EXPECT_THAT(PhoneNumbers("0331234567"), ElementsAre("+84331234567"));
}

TEST(PhoneNumbers, OtherCountriesKeepTheirCode) {
  EXPECT_THAT(PhoneNumbers("+86 138 0013 8000"), ElementsAre("+8613800138000"));
  EXPECT_THAT(PhoneNumbers("008613800138000"), ElementsAre("+8613800138000"));
}

TEST(PhoneNumbers, WhatIsNoFullNumberStaysAsItsDigits) {
  EXPECT_THAT(PhoneNumbers("1800 1769"), ElementsAre("18001769"));
  EXPECT_THAT(PhoneNumbers("111"), ElementsAre("111"));
  EXPECT_THAT(PhoneNumbers("0000 0000 0000 0000 0000"), ElementsAre("00000000000000000000"));
}

TEST(PhoneNumbers, AFieldMayTellSeveral) {
  EXPECT_THAT(PhoneNumbers("0912345678 / 0203 3825555"),
              ElementsAre("+84912345678", "+842033825555"));
  EXPECT_THAT(PhoneNumbers("0912345678, 0987654321 (mẹ)"),
              ElementsAre("+84912345678", "+84987654321"));
  EXPECT_THAT(PhoneNumbers("0912345678 hoặc +84912345678"), ElementsAre("+84912345678"));
  EXPECT_EQ(PhoneNumbers("0912345671;0912345672;0912345673;0912345674;0912345675").size(),
            kMostPhones);
}

TEST(PhoneNumbers, NoDigitIsNoNumber) {
  for (const char* told : {"", "không có", "+", " - "})
    EXPECT_THAT(PhoneNumbers(told), IsEmpty()) << told;
}

TEST(PhoneNumbers, AreStableWhenReadAgain) {
  for (const char* told :
       {"0912345678", "02033825555", "01621234567", "18001769", "+8613800138000", "0000639925"}) {
    const std::string once = PhoneNumbers(told).at(0);
    EXPECT_THAT(PhoneNumbers(once), ElementsAre(once));
  }
}

TEST(PhoneEnd, IsTheLastSevenDigitsOrNothing) {
  EXPECT_EQ(PhoneEnd("+84912345678"), "2345678");
  EXPECT_EQ(PhoneEnd("3825555"), "3825555");
  EXPECT_EQ(PhoneEnd("825555"), "");
  EXPECT_EQ(PhoneEnd("+825555"), "");
}

TEST(IdentityNumber, KeepsLettersAndDigitsOnly) {
  EXPECT_EQ(IdentityNumber("022 199 001 234"), "022199001234");
  EXPECT_EQ(IdentityNumber("101.234.567"), "101234567");
  EXPECT_EQ(IdentityNumber(" c1234567 "), "C1234567");
  EXPECT_EQ(IdentityNumber("GD-4-79 0123456789"), "GD4790123456789");
  EXPECT_EQ(IdentityNumber("Ｃ１２３"), "C123");
  EXPECT_EQ(IdentityNumber("đ-12"), "D12");
  EXPECT_EQ(IdentityNumber("..."), "");
  EXPECT_EQ(IdentityNumber(std::string(500, '7')).size(), kMostIdentityCharacters);
}

}  // namespace
}  // namespace caseledger::projections::person_search
