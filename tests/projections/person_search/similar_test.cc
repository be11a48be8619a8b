// Records that may be of one human, found by blind tokens and judged by their texts, against a
// comparison of everybody with everybody.
#include "projections/person_search/similar.h"

#include <random>
#include <set>

#include "projections/person_search/text/same_human.h"
#include "tests/projections/person_search/search_ledger.h"

namespace caseledger::projections::person_search::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Duplicates : public SearchTest {
 protected:
  void Know(const std::string& name, const std::string& full_name, const std::string& phone = "",
            uint32_t year = 0, const std::string& number = "") {
    Record(name, "person_registered { attributes { birth_year: " + std::to_string(year) +
                     " private_part { full_name: '" + full_name + "' phone: '" + phone + "' } } }");
    names_[Person(name).id] = name;
    if (number.empty()) return;
    Record(name,
           "identifier_attached { identifier_id: 'n' identifier_kind: 'citizen_id' private_part { "
           "number: '" +
               number + "' } }");
  }
  void MergeOrPart(const std::string& fact, const std::string& survivor,
                   const std::string& merged) {
    const std::string text = fact + " { survivor_person_id: '" + IdOf(survivor) +
                             "' merged_person_id: '" + IdOf(merged) + "' }";
    Record(survivor, text);
    Record(merged, text);
  }

  IndexedPerson Indexed(SimilarityIndex& index, const Uuid& person) {
    return index.Find(person).value().value();
  }
  OpenedPerson Opened(const IndexedPerson& indexed) {
    return Open(indexed.candidate, *log_, kLedger, vault_.vault(), true).value();
  }
  // Names of those whom tokens and numbers lead to.
  std::set<std::string> Led(const std::string& name, const SimilarLimits& limits = {},
                            bool* more = nullptr) {
    const auto view = View();
    SimilarityIndex index(*view, limits);
    const IndexedPerson indexed = Indexed(index, Person(name).id);
    const OpenedPerson opened = Opened(indexed);
    const BlindTokens numbers = Index().TokensOf(
        PersonText{.phone = opened.text.phone, .identity_numbers = opened.text.identity_numbers});
    const SimilarPersons found = index.LikeThis(indexed, numbers).value();
    if (more != nullptr) *more = found.more;
    std::set<std::string> led;
    for (const Uuid& id : found.persons) led.insert(names_.at(id));
    return led;
  }

  std::map<Uuid, std::string> names_;
};

TEST_F(Duplicates, LeadToNamesakesAndToWhoSharesANumber) {
  Know("a", "Nguyễn Thị Hoà", "0391234567", 1990, "022190001234");
  Know("b", "nguyen thi hoa");
  Know("c", "Đào Văn Đức", "0169 123 4567");
  Know("d", "Không rõ", "", 0, "022 190 001 234");
  Know("e", "Lò Văn Páo", "0912000000");
  const auto led = Led("a");
  EXPECT_THAT(led, Contains("b"));
  EXPECT_THAT(led, Contains("c"));
  EXPECT_THAT(led, Contains("d"));
  EXPECT_FALSE(led.contains("a"));
}

TEST_F(Duplicates, RememberWhoWasPartedUntilTheyAreMergedAgain) {
  Know("a", "Nguyễn Thị Hoà");
  Know("b", "Nguyễn Thị Hòa");
  const auto parted = [&](const char* name) {
    const auto view = View();
    SimilarityIndex index(*view);
    return Indexed(index, Person(name).id).parted_from;
  };
  EXPECT_THAT(parted("a"), IsEmpty());
  MergeOrPart("persons_merged", "a", "b");
  EXPECT_THAT(parted("a"), IsEmpty());
  MergeOrPart("merge_reversed", "a", "b");
  EXPECT_THAT(parted("a"), ElementsAre(Person("b").id));
  EXPECT_THAT(parted("b"), ElementsAre(Person("a").id));
  MergeOrPart("persons_merged", "b", "a");
  EXPECT_THAT(parted("a"), IsEmpty());
  const auto before = AllRows();
  Rebuild();
  EXPECT_EQ(AllRows(), before);
}

TEST_F(Duplicates, OfErasedPersonsAreNone) {
  Know("a", "Nguyễn Thị Hoà", "0391234567");
  Know("b", "Nguyễn Thị Hòa", "0391234567");
  Erase("b");
  const auto view = View();
  SimilarityIndex index(*view);
  EXPECT_FALSE(index.Find(Person("b").id).value().has_value());
  EXPECT_THAT(Led("a"), IsEmpty());
}

TEST_F(Duplicates, SayWhenTooManyAreMuchTheSame) {
  for (int i = 0; i < 8; ++i) Know("n" + std::to_string(i), "Phùng Thanh Nga");
  bool more = false;
  EXPECT_EQ(Led("n0", {.holders = 100, .by_tokens = 5}, &more).size(), 5U);
  EXPECT_TRUE(more);
  EXPECT_EQ(Led("n0", {.holders = 100, .by_tokens = 50}, &more).size(), 7U);
  EXPECT_FALSE(more);
  // Tokens that everybody has lead nowhere.
  EXPECT_THAT(Led("n0", {.holders = 5, .by_tokens = 50}, &more), IsEmpty());
}

TEST_F(Duplicates, PersonsAreWalkedInOrder) {
  for (int i = 0; i < 5; ++i) Know("n" + std::to_string(i), "Phùng Thanh Nga");
  const auto view = View();
  const Persons all = PersonsFrom(*view, Uuid(), 100).value();
  EXPECT_EQ(all.size(), 5U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(PersonsFrom(*view, all[2], 2).value(), Persons({all[2], all[3]}));
}

// Everybody compared with everybody gives the same pairs as those whom the index leads to.
TEST_F(Duplicates, OfRandomPersonsAreThoseThatAComparisonOfAllFinds) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  const std::vector<std::string> family = {"Nguyễn", "Trần", "Lê", "Hoàng", "Vũ", "Đặng", "Lò"};
  const std::vector<std::string> middle = {"Thị", "Văn", "Thanh", "Minh", "Thu"};
  const std::vector<std::string> given = {"Hoa", "Hòa", "Lan", "Nga", "Đức", "Quân", "Mai", "Hằng"};
  constexpr int kKnown = 120;
  for (int i = 0; i < kKnown; ++i) {
    const std::string name = pick(family) + " " + pick(middle) + " " + pick(given);
    const std::string phone =
        random() % 3 == 0 ? "09120000" + std::to_string(10 + random() % 20) : "";
    const std::string number = random() % 8 == 0 ? "02219000" + std::to_string(random() % 9) : "";
    Know("p" + std::to_string(i), name, phone, random() % 2 == 0 ? 1980 + random() % 4 : 0, number);
  }
  const auto view = View();
  SimilarityIndex index(*view);
  std::map<std::string, OpenedPerson> opened;
  for (const auto& [id, name] : names_) opened[name] = Opened(Indexed(index, id));
  int pairs = 0;
  for (const auto& [name, person] : opened) {
    const std::set<std::string> led = Led(name);
    for (const auto& [other, compared] : opened) {
      if (other == name || ResemblanceOf(person, compared).bits < kPossiblyOne) continue;
      ++pairs;
      EXPECT_TRUE(led.contains(other)) << person.text.names[0] << " and " << compared.text.names[0];
    }
  }
  EXPECT_GT(pairs, 20);
}

}  // namespace
}  // namespace caseledger::projections::person_search::testing
