// Every person of the sample is found in every way a name or number may be told, and what comes
// back besides is counted. The bounds are what was measured: a worse one is a change to look at.
#include "tests/projections/person_search/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <set>
#include <string>

namespace caseledger::projections::person_search {
namespace {

using testing::Answer;
using ::testing::Contains;
using testing::Found;
using testing::TestIndex;

const TestIndex& Index() {
  static const auto& index = *new TestIndex(testing::SamplePersons());
  return index;
}

// What came back besides the person asked for.
struct Others {
  size_t most = 0;
  double mean = 0;
  double opened_in_vain = 0;  // candidates that were no match, in the mean
};

std::vector<std::string> BareWords(const std::string& name) {
  std::string bare = testing::WithoutMarks(name);
  std::transform(bare.begin(), bare.end(), bare.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return testing::SplitWords(bare);
}

const std::vector<std::vector<std::string>>& BareNames() {
  static const auto& names = *new std::vector<std::vector<std::string>>([] {
    std::vector<std::vector<std::string>> all;
    for (const PersonText& person : Index().persons()) {
      all.push_back(BareWords(person.names.front()));
    }
    return all;
  }());
  return names;
}

// By plain comparison: who bears all words asked for. A lone `van` is Vân, not the middle name Văn.
std::set<size_t> WhoBears(const std::string& asked) {
  std::vector<std::string> words = BareWords(asked);
  std::sort(words.begin(), words.end());
  std::set<size_t> bearers;
  for (size_t i = 0; i < BareNames().size(); ++i) {
    std::vector<std::string> name = BareNames()[i];
    if (words.size() == 1 && words.front() == "van" && name.back() != "van") continue;
    std::sort(name.begin(), name.end());
    if (std::includes(name.begin(), name.end(), words.begin(), words.end())) bearers.insert(i);
  }
  return bearers;
}

std::set<size_t> PersonsOf(const Answer& answer) {
  std::set<size_t> persons;
  for (const Found& one : answer.found) persons.insert(one.person);
  return persons;
}

const Found* Find(const Answer& answer, size_t person) {
  const auto found = std::find_if(answer.found.begin(), answer.found.end(),
                                  [&](const Found& one) { return one.person == person; });
  return found == answer.found.end() ? nullptr : &*found;
}

using Ask = std::function<Asked(const PersonText&)>;

// Asks for every person in one way and expects to find them, as one of `fits`.
Others AskForEveryone(const char* way, const Ask& ask, const std::vector<Fit>& fits) {
  Others others;
  size_t total = 0;
  size_t in_vain = 0;
  const std::vector<PersonText>& persons = Index().persons();
  for (size_t i = 0; i < persons.size(); ++i) {
    const Asked asked = ask(persons[i]);
    const Answer answer = Index().Ask(asked);
    const Found* found = Find(answer, i);
    EXPECT_NE(found, nullptr) << way << ": " << asked.name << asked.phone;
    if (found == nullptr) continue;
    EXPECT_THAT(fits, Contains(found->fit.fit)) << way << ": " << asked.name << asked.phone;
    EXPECT_TRUE(found->fit.fit != Fit::kExact || found->fit.score == 1) << way;
    total += answer.found.size() - 1;
    in_vain += answer.candidates - answer.found.size();
    others.most = std::max(others.most, answer.found.size() - 1);
  }
  const auto count = static_cast<double>(persons.size());
  others.mean = static_cast<double>(total) / count;
  others.opened_in_vain = static_cast<double>(in_vain) / count;
  std::printf("%-28s others: mean %.2f, most %zu; opened in vain: mean %.3f\n", way, others.mean,
              others.most, others.opened_in_vain);
  return others;
}

// The same by name: and nobody comes back, and nobody stays away, but those who bear these words.
Others AskForEveryoneByName(const char* way, const std::function<std::string(std::string)>& tell,
                            const std::vector<Fit>& fits) {
  const Ask ask = [&](const PersonText& person) {
    return Asked{.name = tell(person.names.front())};
  };
  for (const PersonText& person : Index().persons()) {
    const Asked asked = ask(person);
    EXPECT_EQ(PersonsOf(Index().Ask(asked)), WhoBears(asked.name)) << way << ": " << asked.name;
  }
  return AskForEveryone(way, ask, fits);
}

TEST(Sample, IsThere) {
  EXPECT_EQ(Index().persons().size(), 175u);
  for (const PersonText& person : Index().persons()) {
    EXPECT_EQ(testing::SplitWords(person.names.front()).size(), 3u);
  }
}

TEST(Sample, EveryoneIsFoundByTheNameAsItIs) {
  const auto as_it_is = [](const std::string& name) { return name; };
  EXPECT_LE(AskForEveryoneByName("as it is", as_it_is, {Fit::kExact}).most, 1u);
}

TEST(Sample, EveryoneIsFoundWithoutMarks) {
  const Others others = AskForEveryoneByName("without marks", testing::WithoutMarks,
                                             {Fit::kSameWithoutMarks, Fit::kExact});
  EXPECT_LE(others.most, 1u);
}

TEST(Sample, EveryoneIsFoundInUpperCaseAndInNormalFormD) {
  const auto shout = [](const std::string& name) {
    return testing::Decompose(testing::UpperCase(name));
  };
  EXPECT_LE(AskForEveryoneByName("upper case, NFD", shout, {Fit::kExact}).most, 1u);
}

TEST(Sample, EveryoneIsFoundWithTheToneMarkElsewhere) {
  EXPECT_LE(AskForEveryoneByName("tone mark elsewhere", testing::ToneElsewhere, {Fit::kExact}).most,
            1u);
  const std::vector<PersonText>& persons = Index().persons();
  const auto moved = std::count_if(persons.begin(), persons.end(), [](const PersonText& person) {
    return testing::ToneElsewhere(person.names.front()) != person.names.front();
  });
  EXPECT_EQ(moved, 25) << "5 Hòa, 5 Hoà, 8 Thủy, 7 Thuỷ";
}

TEST(Sample, EveryoneIsFoundWithTheGivenNameFirst) {
  const auto given_first = [](const std::string& name) {
    std::vector<std::string> words = testing::SplitWords(name);
    std::rotate(words.begin(), words.end() - 1, words.end());
    return testing::JoinWords(words);
  };
  const Others others = AskForEveryoneByName("given name first", given_first, {Fit::kSwapped});
  EXPECT_LE(others.most, 1u);
}

TEST(Sample, EveryoneIsFoundByGivenAndFamilyNameAlone) {
  const auto given_and_family = [](const std::string& name) {
    const std::vector<std::string> words = testing::SplitWords(testing::WithoutMarks(name));
    return words.back() + ' ' + words.front();
  };
  const Others others =
      AskForEveryoneByName("given and family name", given_and_family, {Fit::kPartial});
  EXPECT_LE(others.most, 2u);
  EXPECT_LE(others.mean, 0.46);
}

TEST(Sample, EveryoneIsFoundByTheLastTwoWords) {
  const auto last_two = [](const std::string& name) {
    std::vector<std::string> words = testing::SplitWords(name);
    words.erase(words.begin());
    return testing::JoinWords(words);
  };
  const Others others = AskForEveryoneByName("last two words", last_two, {Fit::kPartial});
  EXPECT_LE(others.most, 5u);
  EXPECT_LE(others.mean, 1.08);
}

TEST(Sample, EveryoneIsFoundByTheGivenNameAlone) {
  const auto given = [](const std::string& name) {
    return testing::SplitWords(testing::WithoutMarks(name)).back();
  };
  const Others others = AskForEveryoneByName("given name alone", given, {Fit::kPartial});
  EXPECT_LE(others.most, 17u);
  EXPECT_LE(others.mean, 7.5);
}

TEST(Sample, EveryoneIsFoundWhileTheLastWordIsTyped) {
  const Others others = AskForEveryone(
      "two letters of the last word",
      [](const PersonText& person) {
        std::vector<std::string> words =
            testing::SplitWords(testing::WithoutMarks(person.names.front()));
        words.back().resize(2);
        return Asked{.name = testing::JoinWords(words), .last_word_unfinished = true};
      },
      {Fit::kPartial, Fit::kSameWithoutMarks, Fit::kExact});
  EXPECT_LE(others.most, 1u);
  EXPECT_LE(others.mean, 0.08);
}

TEST(Sample, EveryoneIsFoundByPhoneInThreeSpellingsAndByItsEnd) {
  using Spell = std::string (*)(const std::string&);
  const struct {
    const char* way;
    Spell spell;
    Fit fit;
  } spellings[] = {
      {"phone as it is", [](const std::string& phone) { return phone; }, Fit::kExact},
      {"phone with +84", [](const std::string& phone) { return "+84 " + phone.substr(1); },
       Fit::kExact},
      {"phone with dots",
       [](const std::string& phone) {
         return phone.substr(0, 4) + '.' + phone.substr(4, 3) + '.' + phone.substr(7);
       },
       Fit::kExact},
      {"last seven digits", [](const std::string& phone) { return phone.substr(3); },
       Fit::kPartial},
  };
  for (const auto& [way, spell, fit] : spellings) {
    const Ask ask = [&, spell = spell](const PersonText& person) {
      return Asked{.phone = spell(person.phone)};
    };
    EXPECT_EQ(AskForEveryone(way, ask, {fit}).most, 0u);
  }
}

TEST(Sample, AMistypedGivenNameIsFoundWider) {
  size_t found = 0;
  size_t total_others = 0;
  const std::vector<PersonText>& persons = Index().persons();
  for (size_t i = 0; i < persons.size(); ++i) {
    const Asked asked{.name = persons[i].names.front() + "x"};
    const Answer answer = Index().AskWider(asked);
    if (Find(answer, i) == nullptr) continue;
    ++found;
    total_others += answer.found.size() - 1;
    EXPECT_EQ(Find(answer, i)->fit.fit, Fit::kSimilar);
  }
  std::printf("given name mistyped, wider: found %zu of %zu, others: mean %.2f\n", found,
              persons.size(), static_cast<double>(total_others) / static_cast<double>(found));
  EXPECT_GE(found, 157u) << "the others share only common words with what was typed";
}

TEST(Sample, TokensPerPersonAreFew) {
  const BlindIndex index(testing::kTestKey, "quang-ninh");
  size_t most = 0;
  for (const PersonText& person : Index().persons()) {
    most = std::max(most, index.TokensOf(person).size());
  }
  const double mean =
      static_cast<double>(Index().Postings()) / static_cast<double>(Index().persons().size());
  std::printf("tokens per person: mean %.1f, most %zu\n", mean, most);
  EXPECT_LE(mean, 16.3);
  EXPECT_LE(most, 23u);
}

// The most frequent token is what is guessed first by who holds the index without its key.
TEST(Sample, NoTokenStandsOut) {
  const std::vector<size_t> frequencies = Index().Frequencies();
  std::printf("persons under the most frequent tokens:");
  for (size_t i = 0; i < 8; ++i) std::printf(" %zu", frequencies[i]);
  std::printf(" of %zu\n", Index().persons().size());
  size_t thi = 0;
  for (const PersonText& person : Index().persons()) {
    if (testing::SplitWords(person.names.front())[1] == "Thị") ++thi;
  }
  EXPECT_LE(frequencies.front(), 18u) << "Thị alone would have " << thi;
}

TEST(Sample, TimeForOnePersonIsPrinted) {
  const BlindIndex index(testing::kTestKey, "quang-ninh");
  const auto began = std::chrono::steady_clock::now();
  size_t tokens = 0;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    for (const PersonText& person : Index().persons()) tokens += index.TokensOf(person).size();
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
  const double persons = kRounds * static_cast<double>(Index().persons().size());
  std::printf("tokens of one person: %.1f us\n", took.count() / persons);
  EXPECT_EQ(tokens, kRounds * Index().Postings());
}

}  // namespace
}  // namespace caseledger::projections::person_search
