#include "services/access/identity/strict_json.h"

#include "gtest/gtest.h"
#include "tests/support/test_tokens.h"

namespace caseledger::access {
namespace {

TEST(StrictJson, AnObjectIsRead) {
  const auto object = ParseObject(R"({"a": {"b": [1, "x"]}, "c": "y"})");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(TextOf(*object, "c"), "y");
  EXPECT_EQ(TextOf(*object, "a"), std::nullopt) << "no text";
  EXPECT_EQ(TextOf(*object, "z"), std::nullopt) << "not there";
}

TEST(StrictJson, WhatTwoReadersCouldTakeForDifferentThingsIsRefused) {
  for (const char* text :
       {"", "[]", "1", "\"x\"", "null", "{", R"({"a":1}})", R"({"a":1} {"b":2})", R"({"a":1,})",
        R"({'a':1})", R"({"a":1,"a":2})", R"({"a":{"b":1,"b":1}})", "{\"a\":\"\xff\"}",
        R"({"a":NaN})", "{\"a\":1}\x01"}) {
    EXPECT_FALSE(ParseObject(text).has_value()) << text;
  }
  EXPECT_TRUE(ParseObject(R"({"a":{"x":1},"b":{"x":1}})").has_value()) << "names of two objects";
}

TEST(StrictJson, DepthIsBounded) {
  const auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(ParseObject(nested(10)).has_value());
  EXPECT_FALSE(ParseObject(nested(40)).has_value());
  EXPECT_FALSE(ParseObject(nested(100'000)).has_value());
}

TEST(Base64Url, BytesHaveOneText) {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd\xfc"}) {
    EXPECT_EQ(DecodeBase64Url(testing::ToBase64Url(bytes)), bytes);
  }
  // Padding, the other alphabet, spaces, an impossible length, bits left over.
  for (const char* text : {"Zg==", "+/8", "Zm 9", "Zm9v\n", "Z", "Zm9vY", "Zh", "Zm9"}) {
    EXPECT_FALSE(DecodeBase64Url(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace caseledger::access
