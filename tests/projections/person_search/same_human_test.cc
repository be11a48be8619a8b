// When two records may be of one human.
#include "projections/person_search/text/same_human.h"

#include <gmock/gmock.h>

namespace caseledger::projections::person_search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

OpenedPerson Person(std::vector<std::string> names, std::string phone = "", uint32_t year = 0,
                    std::string sex = "") {
  return {.text = {.names = std::move(names), .phone = std::move(phone)},
          .sex = std::move(sex),
          .birth_year = year};
}
OpenedPerson WithNumber(OpenedPerson person, const std::string& number) {
  person.text.identity_numbers.push_back(number);
  return person;
}

TEST(Resemblance, AddsUpWhatAgreesAndTakesAwayWhatContradicts) {
  const OpenedPerson hoa = Person({"Nguyễn Thị Hoà"}, "0169 123 4567", 1990, "female");
  const Resemblance same = ResemblanceOf(hoa, Person({"NGUYỄN THỊ HÒA"}, "", 1990, "female"));
  EXPECT_DOUBLE_EQ(same.bits, 10 + 4 + 1);
  EXPECT_THAT(same.reasons, ElementsAre("name_exact", "birth_year", "sex"));

  const Resemblance namesake = ResemblanceOf(hoa, Person({"Nguyễn Thị Hoà"}, "", 1972, "female"));
  EXPECT_LT(namesake.bits, kPossiblyOne);
  EXPECT_THAT(namesake.reasons, ElementsAre("name_exact", "other_birth_year", "sex"));

  // An age was told in whole years, and a clerk left the marks out.
  const Resemblance near = ResemblanceOf(hoa, Person({"nguyen thi hoa"}, "", 1989));
  EXPECT_GE(near.bits, kPossiblyOne);
  EXPECT_THAT(near.reasons, ElementsAre("name_same_without_marks", "birth_year_near"));
}

TEST(Resemblance, OfAPhoneNeedsSomethingElse) {
  const OpenedPerson mother = Person({"Trần Thị Mai"}, "0391234567", 1985, "female");
  const OpenedPerson child = Person({"Lê Minh Quân"}, "0391234567", 2015, "male");
  EXPECT_LT(ResemblanceOf(mother, child).bits, kPossiblyOne);
  const OpenedPerson caller = Person({"chị Mai"}, "+84391234567", 0, "female");
  EXPECT_GE(ResemblanceOf(mother, caller).bits, kPossiblyOne);
  EXPECT_THAT(ResemblanceOf(mother, caller).reasons[0], "phone");
}

TEST(Resemblance, OfNamesOfWhichAWordDiffersNeedsMoreThanAnAge) {
  const OpenedPerson one = Person({"Hoàng Thị Lan"}, "", 2018, "female");
  const OpenedPerson other = Person({"Đinh Thị Lan"}, "", 2018, "female");
  EXPECT_LT(ResemblanceOf(one, other).bits, kPossiblyOne) << "another family";
  const OpenedPerson misheard = Person({"Hoàn Thị Lan"}, "", 2018, "female");
  EXPECT_GE(ResemblanceOf(one, misheard).bits, kPossiblyOne) << "a letter was misheard";
  EXPECT_LT(ResemblanceOf(one, Person({"Hoàn Thị Lan"}, "", 2017, "female")).bits, kPossiblyOne);
}

TEST(Resemblance, OfADocumentOutweighsAllElse) {
  const OpenedPerson one = WithNumber(Person({"Lan"}, "", 1990, "female"), "022 190 001 234");
  const OpenedPerson other = WithNumber(Person({"Phạm Thuỳ Dương"}, "", 1988), "022190001234");
  EXPECT_GE(ResemblanceOf(one, other).bits, kLikelyOne);
  EXPECT_THAT(ResemblanceOf(one, other).reasons,
              ElementsAre("document_number", "other_birth_year"));
}

TEST(Resemblance, OfASingleWordOrOfNothingIsLittle) {
  EXPECT_LT(ResemblanceOf(Person({"Lan"}), Person({"Lan"})).bits, kPossiblyOne);
  EXPECT_THAT(ResemblanceOf(Person({}), Person({})).reasons, IsEmpty());
  EXPECT_EQ(ResemblanceOf(Person({"", "!"}), Person({"", "?"})).bits, 0);
}

TEST(Resemblance, FindsTheBestOfSeveralNames) {
  const OpenedPerson one = Person({"Bé Na", "Hoàng Thị Thanh Nga"});
  const OpenedPerson other = Person({"Nga", "hoang thi thanh nga"});
  EXPECT_THAT(ResemblanceOf(one, other).reasons, ElementsAre("name_same_without_marks"));
}

TEST(Resemblance, IsTheSameWhoeverComesFirst) {
  const std::vector<OpenedPerson> persons = {
      Person({"Nguyễn Thị Hoà"}, "0169 123 4567", 1990, "female"),
      Person({"nguyen hoa"}, "1234567", 1991, "unknown"),
      Person({"Hoà Nguyễn Thị", "Hoa"}, "0391234567 / 0912345678", 0, "male"),
      WithNumber(Person({"Nguyễn Thị Hòa Bình"}), "B123"),
      WithNumber(Person({"Nguyen Thi Hao"}, "", 1990), "b 123"),
      Person({})};
  for (const OpenedPerson& a : persons) {
    for (const OpenedPerson& b : persons) {
      EXPECT_DOUBLE_EQ(ResemblanceOf(a, b).bits, ResemblanceOf(b, a).bits);
      EXPECT_EQ(ResemblanceOf(a, b).reasons, ResemblanceOf(b, a).reasons);
    }
  }
}

}  // namespace
}  // namespace caseledger::projections::person_search
