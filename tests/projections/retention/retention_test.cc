#include <gmock/gmock.h>

#include "projections/retention/retention_due.h"
#include "tests/projections/retention/retention_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections::testing {
namespace {

using caseledger::testing::NamedId;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RetentionTest : public ::testing::Test {
 protected:
  std::vector<DueCase> List(Micros now, RetentionQuery query = {}) {
    table_.CatchUp(events_);
    query.now = now;
    auto page = ListRetentionDue(*table_.Snapshot(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? std::move(page->cases) : std::vector<DueCase>();
  }
  std::vector<Uuid> Ids(Micros now, RetentionQuery query = {}) {
    std::vector<Uuid> ids;
    for (const DueCase& row : List(now, std::move(query))) ids.push_back(row.case_id);
    return ids;
  }
  // What keeps each person of the only case due.
  std::vector<std::string> KeptBy(Micros now) {
    std::vector<std::string> kept_by;
    const auto rows = List(now);
    EXPECT_EQ(rows.size(), 1u);
    for (const DueCase& row : rows) {
      for (const DuePerson& person : row.persons) kept_by.push_back(person.kept_by);
    }
    return kept_by;
  }
  // Opened, with one person, and closed at `closed_at`.
  void AddClosed(const std::string& name, Micros closed_at, const std::string& person,
                 const std::string& type = "trafficking") {
    events_.Add(Case(name), Opened(type), 0);
    events_.Add(Case(name), Added(person), 0);
    events_.Add(Case(name), Closed(), closed_at);
  }

  RecordedEvents events_;
  ProjectionTable table_{MakeRetention()};
};

TEST_F(RetentionTest, ACaseIsDueOnceItsRuleCeasesToKeepIt) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  AddClosed("a", 100 * kDay, "p");
  // The tenth day after, in UTC+7, ends seven hours before the day in UTC.
  const Micros due = 111 * kDay - 7 * kDay / 24;
  EXPECT_THAT(Ids(due - 1), IsEmpty());
  const auto rows = List(due);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].case_id, NamedId("a"));
  EXPECT_EQ(rows[0].case_type, "trafficking");
  EXPECT_EQ(rows[0].owner_agency_id, "x");
  EXPECT_EQ(rows[0].rule_id, "t");
  EXPECT_EQ(rows[0].closed_at, 100 * kDay);
  EXPECT_EQ(rows[0].due_at, due);
  EXPECT_THAT(rows[0].hold_ids, IsEmpty());
  ASSERT_EQ(rows[0].persons.size(), 1u);
  EXPECT_EQ(rows[0].persons[0].person_id, NamedId("p"));
  EXPECT_EQ(rows[0].persons[0].kept_by, "");
}

TEST_F(RetentionTest, OpenReopenedAndRulelessCasesAreNeverDue) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  events_.Add(Case("open"), Opened("trafficking"), 0);
  events_.Add(Case("open"), Added("p"), 0);
  AddClosed("reopened", kDay, "p");
  events_.Add(Case("reopened"), Reopened(), 5 * kDay);
  AddClosed("ruleless", kDay, "p", "child_protection");
  EXPECT_THAT(Ids(9000 * kDay), IsEmpty());
  events_.Add(Case("reopened"), Closed(), 50 * kDay);
  EXPECT_THAT(Ids(40 * kDay), IsEmpty()) << "counted from the last closing";
  EXPECT_THAT(Ids(70 * kDay), ElementsAre(NamedId("reopened")));
}

TEST_F(RetentionTest, ALegalHoldMarksTheCaseAndItsPersonsAsHeldUntilLifted) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  AddClosed("a", kDay, "p");
  events_.Add(Case("a"), HoldPlaced("h2"), 2 * kDay);
  events_.Add(Case("a"), HoldPlaced("h1"), 2 * kDay);
  EXPECT_THAT(List(90 * kDay)[0].hold_ids, ElementsAre("h1", "h2"));
  EXPECT_THAT(KeptBy(90 * kDay), ElementsAre("legal_hold"));
  EXPECT_THAT(Ids(90 * kDay, {.only_free = true}), IsEmpty());
  events_.Add(Case("a"), HoldLifted("h1"), 3 * kDay);
  EXPECT_THAT(List(90 * kDay)[0].hold_ids, ElementsAre("h2"));
  events_.Add(Case("a"), HoldLifted("h2"), 3 * kDay);
  EXPECT_THAT(KeptBy(90 * kDay), ElementsAre(""));
  EXPECT_EQ(Ids(90 * kDay, {.only_free = true}).size(), 1u);
}

TEST_F(RetentionTest, APersonIsKeptByTheStrongestOfTheirOtherCases) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  AddClosed("a", kDay, "p");
  AddClosed("later", 85 * kDay, "p");
  EXPECT_THAT(KeptBy(90 * kDay), ElementsAre("other_case"));
  events_.Add(Case("open"), Opened("trafficking"), 0);
  events_.Add(Case("open"), Added("p"), 0);
  EXPECT_THAT(KeptBy(90 * kDay), ElementsAre("open_case"));
  events_.Add(Case("open"), HoldPlaced("h"), 0);
  EXPECT_THAT(KeptBy(90 * kDay), ElementsAre("legal_hold"));
  EXPECT_EQ(List(90 * kDay)[0].hold_ids.size(), 0u) << "the hold is on another case";
}

TEST_F(RetentionTest, ErasedPersonsLeaveTheListAndTheirCasesWithTheLastOfThem) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  AddClosed("a", kDay, "p");
  events_.Add(Case("a"), Added("q"), 0);
  events_.Add(Person("p"), Erased(), 90 * kDay);
  ASSERT_EQ(List(91 * kDay).size(), 1u);
  ASSERT_EQ(List(91 * kDay)[0].persons.size(), 1u);
  EXPECT_EQ(List(91 * kDay)[0].persons[0].person_id, NamedId("q"));
  events_.Add(Person("q"), Erased(), 91 * kDay);
  EXPECT_THAT(Ids(92 * kDay), IsEmpty());
}

TEST_F(RetentionTest, TheRulesInForceNowCountForEveryCase) {
  AddClosed("a", kDay, "p");
  EXPECT_THAT(Ids(30 * kDay), IsEmpty());
  events_.Add(RulesOf("default"), Rules("default", 60, 20), 20 * kDay);
  EXPECT_THAT(Ids(30 * kDay), IsEmpty());
  events_.Add(RulesOf("default"), Rules("default", 20, 20), 25 * kDay);
  EXPECT_EQ(List(30 * kDay).at(0).rule_id, "t");
  events_.Add(RulesOf("x"), Rules("x", 60), 26 * kDay);
  EXPECT_THAT(Ids(30 * kDay), IsEmpty()) << "the agency's own come before the default ones";
  events_.Void(events_.size() - 1);
  EXPECT_EQ(Ids(30 * kDay).size(), 1u);
  AddClosed("other", kDay, "p", "social_assistance");
  EXPECT_EQ(List(30 * kDay, {.case_type = "social_assistance"}).at(0).rule_id, "rest");
}

TEST_F(RetentionTest, WhatWasDueFirstComesFirstAndPagesGoThroughEverythingOnce) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  for (const int i : {3, 1, 4, 0, 2}) {
    AddClosed("c" + std::to_string(i), (1 + i) * kDay, "p" + std::to_string(i));
  }
  const auto whole = Ids(90 * kDay);
  EXPECT_THAT(whole, ElementsAre(NamedId("c0"), NamedId("c1"), NamedId("c2"), NamedId("c3"),
                                 NamedId("c4")));
  std::vector<Uuid> paged;
  RetentionQuery query{.now = 90 * kDay, .page_size = 2};
  do {
    const auto page = ListRetentionDue(*table_.Snapshot(), query);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const DueCase& row : page->cases) paged.push_back(row.case_id);
    query.page_token = page->next_page_token;
    if (query.page_token.empty()) continue;
    RetentionQuery other = query;
    other.only_free = true;
    EXPECT_EQ(ListRetentionDue(*table_.Snapshot(), other).status().code(),
              absl::StatusCode::kInvalidArgument);
    RetentionQuery earlier = query;
    earlier.now = 0;
    EXPECT_TRUE(ListRetentionDue(*table_.Snapshot(), earlier)->cases.empty());
  } while (!query.page_token.empty());
  EXPECT_EQ(paged, whole);
}

TEST_F(RetentionTest, AreSortedByWhenTheyWereDueOrClosed) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  for (const int i : {1, 0, 2}) {
    AddClosed("c" + std::to_string(i), (1 + i) * kDay, "p" + std::to_string(i));
  }
  const auto ids = [&](RetentionOrder order) {
    std::vector<Uuid> found;
    table_.CatchUp(events_);
    RetentionQuery query{.order = order, .now = 90 * kDay, .page_size = 2};
    do {
      const RetentionPage page = ListRetentionDue(*table_.Snapshot(), query).value();
      for (const DueCase& row : page.cases) found.push_back(row.case_id);
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return found;
  };
  for (const RetentionOrder order : {RetentionOrder::kFirstDue, RetentionOrder::kFirstClosed}) {
    EXPECT_THAT(ids(order), ElementsAre(NamedId("c0"), NamedId("c1"), NamedId("c2")));
  }
  for (const RetentionOrder order : {RetentionOrder::kLastDue, RetentionOrder::kLastClosed}) {
    EXPECT_THAT(ids(order), ElementsAre(NamedId("c2"), NamedId("c1"), NamedId("c0")));
  }
}

TEST_F(RetentionTest, OfWhoHasMoreCasesThanAreLookedAtAnotherCaseKeepsThem) {
  events_.Add(RulesOf("default"), Rules("default", 10), 0);
  for (int i = 0; i < 101; ++i) AddClosed("c" + std::to_string(i), kDay, "p");
  for (const DueCase& row : List(90 * kDay, {.page_size = 3})) {
    EXPECT_EQ(row.persons[0].kept_by, "other_case");
  }
}

TEST_F(RetentionTest, NothingSealedIsKept) {
  AddClosed("a", kDay, "p");
  table_.CatchUp(events_);
  ASSERT_TRUE(table_.Snapshot()
                  ->Scan("", "",
                         [](std::string_view, std::string_view value) {
                           EXPECT_EQ(value.find("secret"), std::string_view::npos);
                           return true;
                         })
                  .ok());
}

}  // namespace
}  // namespace caseledger::projections::testing
