#include "projections/person_search/text/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace caseledger::projections::person_search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Key(std::string_view name) {
  std::string key;
  for (const NameWord& word : NameWords(name)) key += (key.empty() ? "" : " ") + word.key;
  return key;
}

NameWord Only(std::string_view name) {
  const std::vector<NameWord> words = NameWords(name);
  EXPECT_THAT(words, SizeIs(1)) << name;
  return words.empty() ? NameWord() : words.front();
}

TEST(Fold, CaseToneMarksAndStrokedDGo) {
  EXPECT_EQ(Key("Nguyễn Thị Hoà"), "nguyen thi hoa");
  EXPECT_EQ(Key("ĐẶNG ĐÌNH ĐÔNG"), "dang dinh dong");
  EXPECT_EQ(Key("Trương Mỹ Ưng"), "truong mi ung");
  // The eth and the African d look like đ and are typed for it.
  EXPECT_EQ(Key("Ðỗ Ɖạt"), "do dat");
  EXPECT_EQ(Only("Ðạt").marked, Only("Đạt").marked);
}

TEST(Fold, ThePlaceOfTheToneMarkIsNoDifference) {
  for (const auto& [one, other] : std::vector<std::pair<const char*, const char*>>{
           {"Hòa", "Hoà"}, {"Thúy", "Thuý"}, {"Hoè", "Hòe"}, {"Thủy", "Thuỷ"}}) {
    EXPECT_EQ(Only(one).spelled, Only(other).spelled) << one;
  }
}

TEST(Fold, OtherMarksStayApartInTheMarkedForm) {
  const std::vector<const char*> all = {"Hoa", "Hoà", "Hóa", "Hoả", "Họa", "Hoã"};
  for (const char* one : all) {
    for (const char* other : all) {
      EXPECT_EQ(Only(one).marked == Only(other).marked, one == other) << one << ' ' << other;
      EXPECT_EQ(Only(one).key, Only(other).key);
    }
  }
  EXPECT_NE(Only("Dung").marked, Only("Đung").marked);
  EXPECT_NE(Only("Lan").marked, Only("Lân").marked);
  EXPECT_NE(Only("Mơ").marked, Only("Mô").marked);
}

TEST(Fold, EveryNormalFormIsTheSame) {
  // ễ as one, as ê and tilde, as e, circumflex and tilde; ậ with its marks the other way round.
  EXPECT_EQ(Only("Nguy\u1EC5n").spelled, Only("Nguye\u0302\u0303n").spelled);
  EXPECT_EQ(Only("Nguy\u1EC5n").spelled, Only("Nguy\u00EA\u0303n").spelled);
  EXPECT_EQ(Only("Nh\u1EADt").spelled, Only("Nha\u0302\u0323t").spelled);
  EXPECT_EQ(Only("Nh\u1EADt").spelled, Only("Nha\u0323\u0302t").spelled);
  // Full width and invisible characters, as copied from other programs.
  EXPECT_EQ(Key("Ｌａｎ A\u200Bnh"), "lan anh");
}

struct Pair {
  const char* one;
  const char* other;
};

TEST(Fold, IAndYAreOneWhereTheySpellOneSound) {
  for (const auto& [one, other] : std::vector<Pair>{{"Lý", "Lí"},
                                                    {"Mỹ", "Mĩ"},
                                                    {"Kỳ", "Kì"},
                                                    {"Vỹ", "Vĩ"},
                                                    {"Ý", "Í"},
                                                    {"Quý", "Quí"},
                                                    {"Quỳnh", "Quình"},
                                                    {"Quyên", "Quiên"},
                                                    {"Lynh", "Linh"}}) {
    EXPECT_EQ(Only(one).key, Only(other).key) << one;
    EXPECT_EQ(Only(one).marked, Only(other).marked) << one;
    EXPECT_NE(Only(one).spelled, Only(other).spelled) << one;
  }
}

TEST(Fold, IAndYStayApartWhereTheySpellTwoSounds) {
  for (const auto& [one, other] : std::vector<Pair>{{"Mai", "May"},
                                                    {"Thúi", "Thúy"},
                                                    {"Thui", "Thuy"},
                                                    {"Hải", "Hảy"},
                                                    {"Tai", "Tay"},
                                                    {"Quai", "Quay"},
                                                    {"Lui", "Luy"},
                                                    {"Tài", "Tầy"},
                                                    {"Hui", "Huy"},
                                                    {"Kelly", "Kelli"}}) {
    EXPECT_NE(Only(one).key, Only(other).key) << one;
  }
}

TEST(Fold, WordsArePartedByAllButApostrophes) {
  EXPECT_EQ(Key("  Nguyễn\tThị\u00A0Lan  "), "nguyen thi lan");
  EXPECT_EQ(Key("Ng.T.Lan"), "ng t lan");
  EXPECT_EQ(Key("Jean-Pierre (Bảo)"), "jean pierre bao");
  EXPECT_EQ(Key("H'Hen Niê"), "hhen nie");
  EXPECT_EQ(Key("H’Hen Niê"), "hhen nie");
  EXPECT_EQ(Key("Bé 3"), "be 3");
}

TEST(Fold, ForeignNamesComeToLatinLetters) {
  EXPECT_EQ(Key("Søren Ødegård"), "soren odegard");
  EXPECT_EQ(Key("Weiß Łukasz Çelik"), "weiss lukasz celik");
  EXPECT_EQ(Key("Ольга"), "olga");
  EXPECT_EQ(Key("王芳"), "wang fang");
  EXPECT_EQ(Key("Voòng Chíu"), "voong chiu");
}

TEST(Fold, NothingToReadIsNoWord) {
  for (const char* text : {"", "   ", "...", "'", "\u0301", "\xFF\xC3", "😀"}) {
    EXPECT_THAT(NameWords(text), IsEmpty()) << text;
  }
  EXPECT_EQ(Key("Lan\xFF"
                "Anh"),
            "lan anh");
}

TEST(Fold, LengthIsBounded) {
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "an ";
  EXPECT_THAT(NameWords(many), SizeIs(kMostNameWords));
  const NameWord word = Only(std::string(500, 'a') + "\u0301");
  EXPECT_EQ(word.key.size(), kMostWordLetters);
}

TEST(Fold, StartIsWhatTheBegunWordWouldBe) {
  EXPECT_EQ(Only("Nguyễn").Start(3), Only("ngu").key);
  EXPECT_EQ(Only("Kyerson").Start(2), Only("ky").key);
  EXPECT_EQ(Only("Thuỷ").Start(3), "thu");
  EXPECT_EQ(Only("Lan").Start(9), "lan");
}

TEST(Fold, MarksAreTold) {
  EXPECT_TRUE(Only("Hoà").HasMarks());
  EXPECT_TRUE(Only("Đa").HasMarks());
  EXPECT_TRUE(Only("Mơ").HasMarks());
  EXPECT_FALSE(Only("HOA").HasMarks());
}

TEST(Fold, ThreadsShareTheTransliterators) {
  std::vector<std::string> keys(4);
  std::vector<std::thread> threads;
  threads.reserve(keys.size());
  for (std::string& key : keys) {
    threads.emplace_back([&key] {
      for (int i = 0; i < 200; ++i) key = Key("王芳 Ольга Øst ភួង");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string alone = Key("王芳 Ольга Øst ភួង");
  EXPECT_THAT(keys, ElementsAre(alone, alone, alone, alone));
}

}  // namespace
}  // namespace caseledger::projections::person_search
