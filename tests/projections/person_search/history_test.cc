// Random histories of a few persons: who is found is who a plain reading of the history says, live
// as rebuilt, byte for byte, whatever was erased meanwhile.
#include <map>
#include <optional>
#include <random>

#include "tests/projections/person_search/search_ledger.h"

namespace caseledger::projections::person_search::testing {
namespace {

constexpr int kEvents = 250;
constexpr int kPersons = 5;
constexpr int kRounds = 4;

// One fact of a person as somebody reading the history would hold it.
struct Told {
  Uuid event_id;
  Micros occurred_at = 0;
  size_t recorded = 0;
  PersonText text;  // a name and phone, or one number
  bool is_number = false;
};

struct Known {
  std::vector<Told> told;
  bool erased = false;

  // What holds: the attributes that occurred last, of those at once the last recorded, and all
  // numbers.
  PersonText Holds() const {
    PersonText text;
    const Told* newest = nullptr;
    for (const Told& one : told) {
      if (one.is_number) {
        text.identity_numbers.push_back(one.text.identity_numbers.front());
      } else if (newest == nullptr || std::tie(one.occurred_at, one.recorded) >
                                          std::tie(newest->occurred_at, newest->recorded)) {
        newest = &one;
      }
    }
    if (newest != nullptr) {
      text.names = newest->text.names;
      text.phone = newest->text.phone;
    }
    return text;
  }
};

class Histories : public SearchTest {
 protected:
  template <typename T>
  T Any(const std::vector<T>& all) {
    return all[random_() % all.size()];
  }
  PersonText RandomText() {
    PersonText text;
    text.names.push_back(Any<std::string>({"Nguyễn", "Trần", "Đỗ", ""}) + " " +
                         Any<std::string>({"Thị", "Văn", "Ngọc"}) + " " +
                         Any<std::string>({"Hoà", "Mai", "Đức", "Thuý", "Lan"}));
    if (random_() % 2 == 0) text.phone = "09123" + std::to_string(10000 + random_() % 50);
    return text;
  }
  static event::v1::Fact FactOf(const Told& told, bool first) {
    event::v1::Fact fact;
    if (told.is_number) {
      fact.mutable_identifier_attached()->mutable_private_part()->set_number(
          told.text.identity_numbers.front());
      return fact;
    }
    auto& known = first ? *fact.mutable_person_registered()->mutable_attributes()
                        : *fact.mutable_person_amended()->mutable_attributes();
    known.mutable_private_part()->set_full_name(told.text.names.front());
    known.mutable_private_part()->set_phone(told.text.phone);
    return fact;
  }
  Told RandomFact() {
    Told told;
    told.occurred_at = static_cast<Micros>(random_() % 50);
    told.is_number = random_() % 3 == 0;
    if (told.is_number) {
      told.text.identity_numbers = {"0221900" + std::to_string(10000 + random_() % 50)};
    } else {
      told.text = RandomText();
    }
    return told;
  }

  void Tell(const std::string& name, Known& known) {
    Told told = RandomFact();
    told.recorded = ++recorded_;
    told.event_id = Record(name, FactOf(told, known.told.empty()), told.occurred_at);
    known.told.push_back(told);
  }
  void Correct(const std::string& name, Known& known) {
    Told& target = known.told[random_() % known.told.size()];
    Told right = RandomFact();
    while (right.is_number != target.is_number) right = RandomFact();
    event::v1::Fact fact;
    auto& correction = *fact.mutable_fact_corrected();
    correction.set_target_event_id(target.event_id.ToString());
    *correction.mutable_replacement() = FactOf(right, false);
    if (random_() % 2 == 0) {
      target.occurred_at = right.occurred_at;
      caseledger::testing::SetTime(*correction.mutable_replacement_occurred_time(),
                                   right.occurred_at);
    }
    target.text = right.text;
    Record(name, fact, 60);
  }
  void Void(const std::string& name, Known& known) {
    const size_t at = random_() % known.told.size();
    event::v1::Fact fact;
    fact.mutable_event_voided()->set_target_event_id(known.told[at].event_id.ToString());
    Record(name, fact, 60);
    known.told.erase(known.told.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void Step() {
    const std::string name = "p" + std::to_string(random_() % kPersons);
    Known& known = persons_[name];
    if (known.erased) return;
    const auto what = random_() % 40;
    if (what == 0) {
      Erase(name);
      known = {.told = {}, .erased = true};
    } else if (what < 8 && !known.told.empty()) {
      Correct(name, known);
    } else if (what < 14 && !known.told.empty()) {
      Void(name, known);
    } else {
      Tell(name, known);
    }
  }

  void ExpectTokens() {
    projections::testing::Rows expected;
    for (const auto& [name, known] : persons_) {
      for (const BlindToken& token : Index().TokensOf(known.Holds())) {
        expected.emplace_back(TokenKey(token, Person(name).id), "");
      }
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(projections::testing::AllRows(*View(), std::string(1, kTokenSpace),
                                            std::string(1, kTokenSpace + 1)),
              expected);
  }

  const uint32_t seed_ = std::random_device()();
  std::mt19937 random_{seed_};
  std::map<std::string, Known> persons_;
  size_t recorded_ = 0;
};

TEST_F(Histories, LiveAndRebuiltTablesHoldWhatAReaderOfTheHistoryWouldSay) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  for (int round = 0; round < kRounds; ++round) {
    StartSearch(vault_.vault(), 1 + random_() % 40);
    for (int i = 0; i < kEvents / kRounds; ++i) {
      Step();
      if (random_() % 10 == 0) ExpectTokens();
    }
    ExpectTokens();
    const projections::testing::Rows live = AllRows();
    EXPECT_FALSE(live.empty());
    Rebuild();
    EXPECT_EQ(AllRows(), live) << "round " << round;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace caseledger::projections::person_search::testing
