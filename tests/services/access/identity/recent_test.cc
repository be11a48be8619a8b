#include "services/access/identity/recent.h"

#include <string>

#include "gtest/gtest.h"

namespace caseledger::access {
namespace {

TEST(Recent, NeverHoldsMoreThanItsCapacity) {
  Recent<int> recent(10);
  for (int i = 0; i < 1000; ++i) {
    recent.Insert(std::to_string(i), i);
    EXPECT_LE(recent.size(), 10u);
    ASSERT_NE(recent.Find(std::to_string(i)), nullptr);
  }
  EXPECT_EQ(recent.Find("0"), nullptr);
}

TEST(Recent, WhatIsUsedStays) {
  Recent<int> recent(10);
  recent.Insert("used", 7);
  for (int i = 0; i < 1000; ++i) {
    recent.Insert(std::to_string(i), i);
    const int* used = recent.Find("used");
    ASSERT_NE(used, nullptr) << i;
    EXPECT_EQ(*used, 7);
  }
}

TEST(Recent, AnEntryIsReplacedErasedCleared) {
  Recent<int> recent(4);
  recent.Insert("a", 1);
  recent.Insert("a", 2);
  EXPECT_EQ(*recent.Find("a"), 2);
  EXPECT_EQ(recent.size(), 1u);
  recent.Erase("a");
  EXPECT_EQ(recent.Find("a"), nullptr);
  recent.Insert("b", 1);
  recent.Clear();
  EXPECT_EQ(recent.size(), 0u);
}

}  // namespace
}  // namespace caseledger::access
