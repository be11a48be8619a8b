// What the read model finds as persons become known, are put right, merged and erased.
#include <map>

#include "eventstore/vault/no_keys.h"
#include "tests/projections/person_search/search_ledger.h"
#include "tests/projections/read_model/files_with.h"

namespace caseledger::projections::person_search::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string Number(const std::string& key, const std::string& number) {
  return "identifier_attached { identifier_id: '" + key +
         "' identifier_kind: 'citizen_id' private_part { number: '" + number + "' } }";
}
std::string Amended(const std::string& full_name) {
  return "person_amended { attributes { private_part { full_name: '" + full_name + "' } } }";
}

class PersonSearchReadModel : public SearchTest {
 protected:
  Uuid Correct(const std::string& name, const Uuid& target, const std::string& replacement) {
    return Record(name, "fact_corrected { target_event_id: '" + target.ToString() +
                            "' reason: 'wrong' replacement { " + replacement + " } }");
  }
  Uuid Void(const std::string& name, const Uuid& target) {
    return Record(name,
                  "event_voided { target_event_id: '" + target.ToString() + "' reason: 'wrong' }");
  }
  void Merge(const std::string& survivor, const std::string& merged) {
    const std::string fact = "persons_merged { survivor_person_id: '" + IdOf(survivor) +
                             "' merged_person_id: '" + IdOf(merged) + "' }";
    Record(survivor, fact);
    Record(merged, fact);
  }
  void Reverse(const std::string& survivor, const std::string& merged) {
    const std::string fact = "merge_reversed { survivor_person_id: '" + IdOf(survivor) +
                             "' merged_person_id: '" + IdOf(merged) + "' }";
    Record(survivor, fact);
    Record(merged, fact);
  }
  std::string InFiles(const std::string& text) const {
    return projections::testing::FilesWith(text, directory_.path());
  }
};

TEST_F(PersonSearchReadModel, FindsByAnyPartOfWhatIsKnown) {
  Record("a",
         "person_registered { attributes { private_part { full_name: 'Nguyễn Thị Hoà' "
         "aliases: 'Bé Đào' phone: '0169 123 4567' } } }");
  Record("a", Number("n", "022190001234"));
  Register("b", "Đỗ Văn Hòa");
  EXPECT_THAT(FindName("hoa"), ElementsAre("Nguyễn Thị Hoà: partial", "Đỗ Văn Hòa: partial"));
  EXPECT_THAT(FindName("hoa nguyen"), ElementsAre("Nguyễn Thị Hoà: partial"));
  EXPECT_THAT(FindName("do van hoa"), ElementsAre("Đỗ Văn Hòa: same_without_marks"));
  EXPECT_THAT(FindName("be dao"), ElementsAre("Nguyễn Thị Hoà: same_without_marks"));
  EXPECT_THAT(Find({.phone = "+84 39 123 4567"}), ElementsAre("Nguyễn Thị Hoà: exact"))
      << "the prefix of before 2018";
  EXPECT_THAT(Find({.identity_number = "022 190 001 234"}), ElementsAre("Nguyễn Thị Hoà: exact"));
  EXPECT_THAT(Find({.name = "hoa", .phone = "0391234567"}), ElementsAre("Nguyễn Thị Hoà: partial"));
  EXPECT_THAT(Find({.identity_number = "022190001235"}), IsEmpty());
}

TEST_F(PersonSearchReadModel, KeepsNoTextAndNoTokenTellsItsKind) {
  Record("a",
         "person_registered { attributes { unit { code: '06895' } private_part { "
         "full_name: 'Vũ Thị Xuân' phone: '+84912345678' address: 'Số 5' } } }");
  Record("a", Number("n", "022190001234"));
  size_t tokens = 0;
  for (const auto& [key, value] : AllRows()) {
    for (const char* text : {"Xuân", "xuan", "912345678", "022190001234", "Số 5"}) {
      EXPECT_THAT(key, Not(HasSubstr(text)));
      EXPECT_THAT(value, Not(HasSubstr(text)));
    }
    if (key.front() != kTokenSpace) continue;
    ++tokens;
    EXPECT_THAT(key, SizeIs(1 + kBlindTokenBytes + 16));
    EXPECT_EQ(value, "");
  }
  EXPECT_GT(tokens, 5U);
}

TEST_F(PersonSearchReadModel, TheNewestAttributesHoldAlsoWhenRecordedLate) {
  Register("a", "Lê Thị Mai", 10);
  Record("a", Amended("Lê Thị Cúc"), 30);
  EXPECT_THAT(FindName("mai"), IsEmpty());
  EXPECT_THAT(FindName("cuc"), ElementsAre("Lê Thị Cúc: partial"));
  Record("a", Amended("Lê Thị Lan"), 20);
  EXPECT_THAT(FindName("lan"), IsEmpty()) << "it was so before the newest";
  EXPECT_THAT(FindName("cuc"), ElementsAre("Lê Thị Cúc: partial"));
}

TEST_F(PersonSearchReadModel, CorrectedTextsCountAndVoidedOnesDoNot) {
  const Uuid registered = Register("a", "Lê Thị Mai");
  const Uuid amended = Record("a", Amended("Lê Thị Cúc"), 2);
  const Uuid number = Record("a", Number("n", "022190001234"));
  Correct("a", amended, Amended("Lê Thị Sen"));
  EXPECT_THAT(FindName("cuc"), IsEmpty());
  EXPECT_THAT(FindName("sen"), ElementsAre("Lê Thị Sen: partial"));
  Correct("a", number, Number("n", "022190009999"));
  EXPECT_THAT(Find({.identity_number = "022190001234"}), IsEmpty());
  EXPECT_THAT(Find({.identity_number = "022190009999"}), ElementsAre("Lê Thị Sen: exact"));
  Void("a", amended);
  EXPECT_THAT(FindName("sen"), IsEmpty());
  EXPECT_THAT(FindName("mai"), ElementsAre("Lê Thị Mai: partial"));
  Void("a", number);
  EXPECT_THAT(Find({.identity_number = "022190009999"}), IsEmpty());
  Void("a", registered);
  EXPECT_THAT(FindName("mai"), IsEmpty());
}

TEST_F(PersonSearchReadModel, ACandidateSaysWhichRecordGoesOnForIt) {
  Register("a", "Lê Thị Mai");
  Register("b", "Lê Thị Mai");
  Register("c", "Lê Thị Mai");
  Merge("b", "a");
  Merge("c", "b");
  const auto survivors = [&] {
    std::map<std::string, std::string> all;
    for (const Candidate& candidate : Look({.name = "le thi mai"}).persons) {
      for (const char* name : {"a", "b", "c"}) {
        if (candidate.person_id != Person(name).id) continue;
        all[name] = candidate.survivor.is_nil() ? "" : candidate.survivor.ToString();
      }
    }
    return all;
  };
  EXPECT_THAT(survivors(), ElementsAre(::testing::Pair("a", IdOf("c")),
                                       ::testing::Pair("b", IdOf("c")), ::testing::Pair("c", "")));
  Reverse("c", "b");
  EXPECT_THAT(survivors(), ElementsAre(::testing::Pair("a", IdOf("b")), ::testing::Pair("b", ""),
                                       ::testing::Pair("c", "")));
}

TEST_F(PersonSearchReadModel, AnErasureLeavesNoTokenInRowsOrFilesAndNothingComesAfterIt) {
  const Uuid registered = Register("a", "Vũ Thị Xóa");
  Record("a", Amended("Vũ Thị Xoan"), 2);
  Record("a", Number("n", "022190001234"));
  Register("b", "Vũ Thị Xoan");
  std::vector<std::string> of_both;
  for (const char* name : {"Vũ Thị Xóa", "Vũ Thị Xoan"}) {
    for (const BlindToken& token : Index().TokensOf(PersonText{.names = {name}})) {
      of_both.push_back(TokenKey(token, Person("a").id));
    }
  }
  EXPECT_THAT(FindName("xoan"), SizeIs(2));
  for (const std::string& key : of_both) EXPECT_NE(InFiles(key), "");
  Erase("a");
  EXPECT_THAT(FindName("xoan"), SizeIs(1));
  EXPECT_THAT(Find({.identity_number = "022190001234"}), IsEmpty());
  for (const auto& [key, value] : AllRows()) {
    if (key.front() == kFactsSpace || key.front() == kFactIndexSpace) continue;
    if (key != ErasedKey(Person("a").id)) {
      EXPECT_THAT(key + value, Not(HasSubstr(std::string(Person("a").id.raw()))));
    }
  }
  for (const std::string& key : of_both) EXPECT_EQ(InFiles(key), "");

  Correct("a", registered, Amended("Vũ Thị Xóa"));
  Record("a", Amended("Vũ Thị Xóa"), 3);
  EXPECT_THAT(FindName("xoa"), IsEmpty()) << "whatever an import of old files might record";
  const auto live = AllRows();
  Rebuild();
  EXPECT_EQ(AllRows(), live);
}

TEST_F(PersonSearchReadModel, WithoutTheVaultItStopsAndGoesOnOnceItIsThere) {
  runtime_.reset();
  eventstore::NoKeys none;
  StartSearch(none);
  Register("a", "Lê Thị Mai");
  const auto refused = runtime_->View(kPersonSearchName, 1, absl::Seconds(60));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(runtime_->Health().front().trouble, HasSubstr("VAULT_UNAVAILABLE"));
  StartSearch(vault_.vault());
  EXPECT_THAT(FindName("mai"), ElementsAre("Lê Thị Mai: partial"));
}

TEST_F(PersonSearchReadModel, AnotherIndexKeyIsNoticedAndSaysWhatToDo) {
  Register("a", "Lê Thị Mai");
  View();
  caseledger::testing::MemoryVault other(clock_);
  const absl::Status changed = CheckKey(*View(), *other.vault().IndexKey(kLedger).value(), kLedger);
  EXPECT_EQ(changed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(changed.ToString(), HasSubstr("projection rebuild person-search"));
  EXPECT_TRUE(CheckKey(*View(), *vault_.vault().IndexKey(kLedger).value(), kLedger).ok());
  StartSearch(other.vault());
  Register("b", "Lê Thị Sen");
  EXPECT_FALSE(runtime_->View(kPersonSearchName, 2, absl::Seconds(60)).ok());
  EXPECT_THAT(runtime_->Health().front().trouble, HasSubstr("SEARCH_KEY_CHANGED"));
  Rebuild();
  EXPECT_TRUE(CheckKey(*View(), *other.vault().IndexKey(kLedger).value(), kLedger).ok());
}

TEST_F(PersonSearchReadModel, BoundsSayThatThereWereMore) {
  for (int i = 0; i < 5; ++i) Register("p" + std::to_string(i), "Lê Thị Mai");
  const Asked asked{.name = "mai"};
  EXPECT_THAT(Look(asked).persons, SizeIs(5));
  EXPECT_FALSE(Look(asked).more);
  EXPECT_FALSE(Look(asked, false, {.holders = 5, .candidates = 5}).more);
  EXPECT_THAT(Look(asked, false, {.holders = 5, .candidates = 4}).persons, SizeIs(4));
  EXPECT_TRUE(Look(asked, false, {.holders = 5, .candidates = 4}).more);
  EXPECT_TRUE(Look(asked, false, {.holders = 4, .candidates = 5}).more);
}

}  // namespace
}  // namespace caseledger::projections::person_search::testing
