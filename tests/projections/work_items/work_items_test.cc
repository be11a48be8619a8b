#include "projections/work_items/work_items.h"

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <tuple>

#include "tests/projections/work_items/case_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections::testing {
namespace {

using caseledger::testing::NamedId;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A Thursday, nine in the morning in UTC+7.
const Micros kThursday = absl::ToUnixMicros(
    absl::FromCivil(absl::CivilSecond(2026, 3, 5, 2, 0, 0), absl::UTCTimeZone()));

class WorkItemsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    events_.Add(DeadlinesOf("default"), Deadlines("default"), kThursday - 100 * kDay);
  }
  absl::StatusOr<WorkItemPage> Ask(const WorkItemQuery& query) {
    table_.CatchUp(events_);
    return ListWorkItems(*table_.Snapshot(), query);
  }
  // `DEADLINE STATE` of each.
  std::vector<std::string> Told(WorkItemQuery query = {}, Micros now = kThursday) {
    query.now = now;
    const auto page = Ask(query);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> told;
    for (const WorkItem& item : page.ok() ? page->items : std::vector<WorkItem>()) {
      told.push_back(item.deadline_id + " " + std::string(StateOf(item, now)));
    }
    return told;
  }

  RecordedEvents events_;
  ProjectionTable table_{MakeWorkItems()};
};

TEST_F(WorkItemsTest, ADeadlineRunsFromWhatStartsItToWhatMeetsIt) {
  events_.Add(Case("a"), Opened("ctxh-qn"), kThursday);
  const auto page = Ask({.now = kThursday});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->items.size(), 1u) << "of trafficking there is no first measure";
  const WorkItem& item = page->items[0];
  EXPECT_EQ(item.record_id, NamedId("a"));
  EXPECT_EQ(item.label_vi, "Kế hoạch");
  EXPECT_EQ(item.agency_id, "ctxh-qn");
  EXPECT_EQ(item.worker_id, "nv-1");
  EXPECT_EQ(item.case_type, "trafficking");
  EXPECT_EQ(item.started_at, kThursday);
  EXPECT_EQ(item.started_by, events_.all().back().event_id);
  EXPECT_GT(item.due_at, kThursday + 5 * kDay);
  EXPECT_LT(item.due_at, kThursday + 6 * kDay);

  EXPECT_THAT(Told({}, item.due_at), ElementsAre("draft open"));
  EXPECT_THAT(Told({}, item.due_at + 1), ElementsAre("draft overdue"));
  EXPECT_THAT(Told({.state = "overdue"}, item.due_at), IsEmpty());
  EXPECT_THAT(Told({.state = "overdue"}, item.due_at + 1), ElementsAre("draft overdue"));
  EXPECT_THAT(Told({.state = "open"}, item.due_at + 1), IsEmpty());

  events_.Add(Case("a"), FactOf("plan_drafted { plan_id: 'p' }"), item.due_at);
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Told({.state = "met"}), ElementsAre("draft met"));
  events_.Correct(events_.size() - 1, FactOf("plan_drafted { plan_id: 'p' }"), item.due_at + kHour);
  EXPECT_THAT(Told({.state = "met"}), IsEmpty());
  EXPECT_THAT(Told({.state = "late"}), ElementsAre("draft late"));
  events_.Void(2);
  EXPECT_THAT(Told(), ElementsAre("draft open")) << "it was never drafted";
}

TEST_F(WorkItemsTest, WhatClosesTheCaseCancelsAndATransferDoes) {
  events_.Add(Case("a"), Opened("ctxh-qn"), kThursday);
  events_.Add(Case("a"), FactOf("case_closed { reason: 'goals_met' }"), kThursday + kHour);
  events_.Add(Case("b"), Opened("ctxh-qn"), kThursday);
  events_.Add(Case("b"), FactOf("transfer_accepted { transfer_id: 't' }"), kThursday + kHour);
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Told({.state = "cancelled"}), ElementsAre("draft cancelled", "draft cancelled"));
  // A plan after the case was closed does not make it met.
  events_.Add(Case("a"), FactOf("plan_drafted { plan_id: 'p' }"), kThursday + 2 * kHour);
  EXPECT_THAT(Told({.state = "met"}), IsEmpty());
}

TEST_F(WorkItemsTest, EachMeasureHasItsOwn) {
  events_.Add(Case("a"), Opened("ctxh-qn", "child_protection"), kThursday);
  events_.Add(Case("a"), FactOf("separation_ordered { measure_id: 'm1' }"), kThursday + kHour);
  events_.Add(Case("a"), FactOf("separation_ordered { measure_id: 'm2' }"), kThursday + 2 * kHour);
  EXPECT_THAT(Told(), ElementsAre("draft open", "review open", "review open"));
  EXPECT_THAT(Told({.state = "met"}), ElementsAre("measure met"));
  events_.Add(Case("a"), FactOf("separation_extended { measure_id: 'm2' }"), kThursday + kDay);
  events_.Add(Case("a"), FactOf("separation_lifted { measure_id: 'm3' }"), kThursday + kDay);
  EXPECT_THAT(Told({.deadline_id = "review"}), ElementsAre("review open"));
  EXPECT_THAT(Told({.state = "met", .deadline_id = "review"}), ElementsAre("review met"));
  // An emergency waits for any ban.
  events_.Add(Case("a"), FactOf("emergency_started { emergency_id: 'e' }"), kThursday);
  EXPECT_THAT(Told({.deadline_id = "ban"}), ElementsAre("ban open"));
  events_.Add(Case("a"), FactOf("contact_ban_issued { measure_id: 'x' }"), kThursday + kHour);
  EXPECT_THAT(Told({.deadline_id = "ban"}), IsEmpty());
}

// A record whose times are too many to be read at once is told of in the same way.
TEST_F(WorkItemsTest, ALongRecordHasWhatAShortOneHas) {
  constexpr int kManyFacts = 300;
  for (const char* name : {"short", "long"}) {
    events_.Add(Case(name), Opened("ctxh-qn", "child_protection"), kThursday);
    events_.Add(Case(name), FactOf("separation_ordered { measure_id: 'm1' }"), kThursday + kHour);
    events_.Add(Case(name), FactOf("separation_ordered { measure_id: 'm2' }"), kThursday + kHour);
  }
  for (int i = 0; i < kManyFacts; ++i) {
    events_.Add(Case("long"), FactOf("therapy_session_held { episode_id: 'e' }"),
                kThursday + i * kHour);
  }
  for (const char* name : {"short", "long"}) {
    events_.Add(Case(name), FactOf("separation_extended { measure_id: 'm2' }"), kThursday + kDay);
  }
  const auto told_of = [&](const std::string& state) {
    const auto page = Ask({.now = kThursday, .state = state});
    EXPECT_TRUE(page.ok()) << page.status();
    std::map<Uuid, std::vector<std::tuple<std::string, Micros, std::optional<Micros>>>> told;
    for (const WorkItem& item : page->items) {
      told[item.record_id].emplace_back(item.deadline_id, item.due_at, item.ended_at);
    }
    return told;
  };
  for (const char* state : {"open", "met"}) {
    auto told = told_of(state);
    EXPECT_EQ(told[NamedId("short")].size(), 2u) << state;
    EXPECT_EQ(told[NamedId("long")], told[NamedId("short")]) << state;
  }
}

TEST_F(WorkItemsTest, ACorrectionMayBeAboutAnotherMeasure) {
  events_.Add(Case("a"), Opened("ctxh-qn"), kThursday);
  // To either side in the order of keys.
  for (const auto& [from, to] : {std::pair("m2", "m1"), std::pair("m1", "m2")}) {
    const auto lifted = [&](const std::string& measure) {
      events_.Add(Case("a"), FactOf("separation_lifted { measure_id: '" + measure + "' }"),
                  kThursday + kDay);
    };
    const auto ordered = [](const std::string& measure) {
      return FactOf("separation_ordered { measure_id: '" + measure + "' }");
    };
    const uint64_t position = events_.size();
    events_.Add(Case("a"), ordered(from), kThursday + kHour);
    events_.Correct(position, ordered(to));
    EXPECT_THAT(Told({.deadline_id = "review"}), ElementsAre("review open"));
    lifted(from);
    EXPECT_THAT(Told({.deadline_id = "review"}), ElementsAre("review open"));
    lifted(to);
    EXPECT_THAT(Told({.deadline_id = "review"}), IsEmpty());
    events_.Void(position);
    events_.Void(position + 2);
    events_.Void(position + 3);
  }
}

TEST_F(WorkItemsTest, ListsAreOfAnAgencyAndOfItsWorkerAsItIsNow) {
  events_.Add(Case("a"), Opened("ctxh-qn", "trafficking", "nv-1"), kThursday);
  events_.Add(Case("b"), Opened("ctxh-qn", "trafficking", "nv-2"), kThursday + kDay);
  events_.Add(Case("c"), Opened("ctxh-hl", "trafficking", "nv-1"), kThursday + 2 * kDay);
  const auto count = [&](const std::string& agency, const std::string& worker = "") {
    return Told({.agency_id = agency, .worker_id = worker}).size();
  };
  EXPECT_EQ(count(""), 3u);
  EXPECT_EQ(count("ctxh-qn"), 2u);
  EXPECT_EQ(count("ctxh-qn", "nv-1"), 1u);
  EXPECT_EQ(count("ctxh"), 0u);
  events_.Add(Case("a"), Assigned("ctxh-hl", "nv-9"), kThursday + 3 * kDay);
  EXPECT_EQ(count("ctxh-qn"), 1u);
  EXPECT_EQ(count("ctxh-hl"), 2u);
  EXPECT_EQ(count("ctxh-hl", "nv-9"), 1u);
  events_.Add(Case("a"), FactOf("plan_drafted { plan_id: 'p' }"), kThursday + 3 * kDay);
  EXPECT_EQ(Told({.state = "met", .agency_id = "ctxh-hl"}).size(), 1u);
  EXPECT_THAT(Told({.state = "met", .agency_id = "ctxh-qn"}), IsEmpty());
}

TEST_F(WorkItemsTest, AContactsBelongToWhoRecordedThem) {
  events_.Add(Contact("a"), FactOf("contact_received { channel: 'phone' }"), kThursday, "th-111");
  events_.Add(Contact("a"), FactOf("report_forwarded { forward_id: 'f' to_agency_id: 'x' }"),
              kThursday, "th-111");
  EXPECT_THAT(Told({.agency_id = "th-111"}), ElementsAre("answer open"));
  events_.Add(Contact("a"), FactOf("report_acknowledged { forward_id: 'f' }"), kThursday + kDay);
  EXPECT_THAT(Told({.state = "met"}), ElementsAre("answer met"));
}

TEST_F(WorkItemsTest, ATextCountsFromWhenItIsLoadedForItsAgency) {
  events_.Add(DeadlinesOf("xa-1"), Deadlines("xa-1", 5, 8), kThursday);
  events_.Add(Case("a"), Opened("xa-1", "child_protection"), kThursday + kHour);
  events_.Add(Case("b"), Opened("xa-2", "child_protection"), kThursday + kHour);
  const auto due = [&](const std::string& agency) {
    const auto page = Ask({.agency_id = agency, .deadline_id = "measure"});
    EXPECT_TRUE(page.ok() && page->items.size() == 1u);
    return page.ok() && !page->items.empty() ? page->items[0].due_at - kThursday : 0;
  };
  EXPECT_EQ(due("xa-1"), 9 * kHour);
  EXPECT_EQ(due("xa-2"), 13 * kHour);
  // Loaded later for earlier times: what it starts with is due anew.
  events_.Add(DeadlinesOf("xa-2"), Deadlines("xa-2", 5, 6), kThursday - kDay);
  EXPECT_EQ(due("xa-2"), 7 * kHour);
  events_.Void(events_.size() - 1);
  EXPECT_EQ(due("xa-2"), 13 * kHour);
}

TEST_F(WorkItemsTest, PagesGoOnWhereTheyEndedAndBadQuestionsAreRefused) {
  for (int i = 0; i < 5; ++i) {
    events_.Add(Case("c" + std::to_string(i)), Opened("ctxh-qn"), kThursday + i * kDay);
  }
  WorkItemQuery query{.now = kThursday, .agency_id = "ctxh-qn", .page_size = 2};
  std::vector<Uuid> seen;
  do {
    const auto page = Ask(query);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LE(page->items.size(), 2u);
    for (const WorkItem& item : page->items) seen.push_back(item.record_id);
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  EXPECT_THAT(
      seen, ElementsAre(NamedId("c0"), NamedId("c1"), NamedId("c2"), NamedId("c3"), NamedId("c4")));
  for (const WorkItemQuery& bad :
       {WorkItemQuery{.state = "done"}, WorkItemQuery{.worker_id = "nv-1"},
        WorkItemQuery{.page_token = "x"}}) {
    EXPECT_EQ(Ask(bad).status().code(), absl::StatusCode::kInvalidArgument)
        << bad.state << bad.worker_id << bad.page_size << bad.page_token;
  }
  EXPECT_THAT(Ask({.state = "done"}).status().message(), HasSubstr("open, overdue"));
}

}  // namespace
}  // namespace caseledger::projections::testing
