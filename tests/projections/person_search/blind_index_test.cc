#include "projections/person_search/text/blind_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/uvernum.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>

#include "eventstore/base/hash.h"

namespace caseledger::projections::person_search {
namespace {

constexpr std::array<uint8_t, kIndexKeyBytes> kKey = {1, 2, 3};
constexpr std::array<uint8_t, kIndexKeyBytes> kOtherKey = {1, 2, 4};

const PersonText& Person() {
  static const auto& person = *new PersonText{.names = {"Tằng Thị Hoà", "Bé Na"},
                                              .phone = "0912345678",
                                              .identity_numbers = {"022199001234"}};
  return person;
}

TEST(BlindIndex, TokenIsWhatItsHeaderSays) {
  const BlindIndex index(kKey, "qn");
  const std::string message("\x01\x00\x02qn\x01\x00\x03hoa", 11);
  const std::string key(reinterpret_cast<const char*>(kKey.data()), kKey.size());
  EXPECT_EQ(index.TokenOf({TermKind::kWord, "hoa"}).raw(),
            HmacSha256(key, {message}).raw().substr(0, kBlindTokenBytes));
}

TEST(BlindIndex, VersionNamesTheRulesAndIcu) {
  EXPECT_EQ(IndexVersion(), 1000 + U_ICU_VERSION_MAJOR_NUM);
}

TEST(BlindIndex, SameTextsGiveSameTokensSortedAndOnce) {
  const BlindTokens tokens = BlindIndex(kKey, "qn").TokensOf(Person());
  EXPECT_EQ(tokens, BlindIndex(kKey, "qn").TokensOf(Person()));
  EXPECT_TRUE(std::is_sorted(tokens.begin(), tokens.end()));
  EXPECT_EQ(std::adjacent_find(tokens.begin(), tokens.end()), tokens.end());
  EXPECT_GT(tokens.size(), 10u);
}

TEST(BlindIndex, KeyLedgerAndKindEachMakeOtherTokens) {
  const BlindIndex index(kKey, "qn");
  EXPECT_NE(index.TokensOf(Person()), BlindIndex(kOtherKey, "qn").TokensOf(Person()));
  EXPECT_NE(index.TokensOf(Person()), BlindIndex(kKey, "hp").TokensOf(Person()));
  EXPECT_NE(index.TokenOf({TermKind::kWord, "lan"}), index.TokenOf({TermKind::kWordStart, "lan"}));
}

TEST(BlindIndex, AskedTokensAreAmongThePersons) {
  const BlindIndex index(kKey, "qn");
  const BlindTokens held = index.TokensOf(Person());
  for (const Asked& asked :
       std::vector<Asked>{{.name = "hoa tang"},
                          {.name = "Be Na"},
                          {.phone = "2345678"},
                          {.name = "thi hoa", .identity_number = "022 199 001 234"}}) {
    const auto tokens = index.TokensOf(asked);
    ASSERT_TRUE(tokens.ok());
    EXPECT_TRUE(
        std::any_of(tokens->strict.begin(), tokens->strict.end(), [&](const BlindTokens& some) {
          return std::includes(held.begin(), held.end(), some.begin(), some.end());
        }));
  }
  EXPECT_FALSE(index.TokensOf(Asked{}).ok());
}

// What the width costs: candidates that share a token by chance are the postings divided by the
// number of tokens there are.
TEST(BlindIndex, FalseCandidatesAreAsManyAsTheWidthForetells) {
  const BlindIndex index(kKey, "qn");
  constexpr int kPersons = 65536;
  std::map<BlindToken, int> holders;
  for (int i = 0; i < kPersons; ++i) {
    ++holders[index.TokenOf({TermKind::kPhone, "+84" + std::to_string(900000000 + i)})];
  }
  constexpr int kQuestions = 2000;
  double candidates = 0;
  for (int i = 0; i < kQuestions; ++i) {
    candidates += holders[index.TokenOf({TermKind::kPhone, "+84" + std::to_string(300000000 + i)})];
  }
  const double per_question = candidates / kQuestions;
  std::cout << "false candidates per token asked for, " << kPersons << " postings: " << per_question
            << '\n';
  EXPECT_NEAR(per_question, 1.0, 0.15);
}

}  // namespace
}  // namespace caseledger::projections::person_search
