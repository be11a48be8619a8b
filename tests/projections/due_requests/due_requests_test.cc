#include "projections/due_requests/due_requests.h"

#include <gmock/gmock.h>

#include "tests/projections/due_requests/request_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections::testing {
namespace {

using caseledger::testing::NamedId;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using event::v1::DATA_REQUEST_OUTCOME_ACCEPTED;
using event::v1::DATA_REQUEST_OUTCOME_FULFILLED;
using event::v1::DATA_REQUEST_OUTCOME_REFUSED;
using event::v1::DATA_REQUEST_OUTCOME_WITHDRAWN;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A Thursday, nine in the morning in UTC+7.
const Micros kThursday = absl::ToUnixMicros(
    absl::FromCivil(absl::CivilSecond(2026, 3, 5, 2, 0, 0), absl::UTCTimeZone()));

std::string Day(std::optional<Micros> time) {
  if (!time.has_value()) return "";
  return absl::FormatTime("%m-%d", absl::FromUnixMicros(*time), absl::FixedTimeZone(7 * 3600));
}

class DueRequestsTest : public ::testing::Test {
 protected:
  std::vector<DueRequest> List(DueRequestQuery query = {}) {
    table_.CatchUp(events_);
    auto page = ListDueRequests(*table_.Snapshot(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? std::move(page->requests) : std::vector<DueRequest>();
  }
  // `KEY STATE DUE` of each row.
  std::vector<std::string> Told(DueRequestQuery query = {}) {
    std::vector<std::string> told;
    for (const DueRequest& row : List(std::move(query))) {
      told.push_back(row.request_id + " " + row.state + " " + Day(row.DueAt()));
    }
    return told;
  }

  RecordedEvents events_;
  ProjectionTable table_{MakeDueRequests()};
};

TEST_F(DueRequestsTest, ARequestTellsAllItsDeadlinesAndIsDueAtTheFirst) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), kThursday - 100 * kDay);
  events_.Add(Person("a"), Received("r1", "erasure"), kThursday, "ctxh-qn");
  const std::vector<DueRequest> rows = List();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].person_id, NamedId("a"));
  EXPECT_EQ(rows[0].request_kind, "erasure");
  EXPECT_EQ(rows[0].asked_by, "self");
  EXPECT_EQ(rows[0].agency_id, "ctxh-qn");
  EXPECT_EQ(rows[0].received_at, kThursday);
  ASSERT_EQ(rows[0].deadlines.size(), 2u);
  EXPECT_EQ(rows[0].deadlines[0].deadline_id, "answer");
  EXPECT_EQ(rows[0].deadlines[0].basis, "Law");
  EXPECT_EQ(Day(rows[0].deadlines[0].due_at), "03-09") << "Friday and Monday";
  EXPECT_EQ(rows[0].deadlines[1].deadline_id, "erasure");
  EXPECT_EQ(Day(rows[0].deadlines[1].due_at), "03-25");
  EXPECT_EQ(rows[0].DueAt(), rows[0].deadlines[0].due_at);
}

TEST_F(DueRequestsTest, AnAcceptedRequestIsDueAtTheNextDeadlineAndAFulfilledOneIsGone) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), 0);
  events_.Add(Person("a"), Received("r1", "access"), kThursday);
  events_.Add(Person("a"), Answered("r1", DATA_REQUEST_OUTCOME_ACCEPTED), kThursday + kDay);
  EXPECT_THAT(Told(), ElementsAre("r1 accepted 03-15"));
  EXPECT_EQ(List()[0].deadlines[0].met_at, kThursday + kDay);
  events_.Add(Person("a"), Answered("r1", DATA_REQUEST_OUTCOME_FULFILLED), kThursday + 2 * kDay);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(DueRequestsTest, WhatIsDueFirstComesFirstAndWhatHasNoDeadlineLast) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), 0);
  events_.Add(Person("a"), Received("late", "access"), kThursday + 9 * kDay);
  events_.Add(Person("b"), Received("early", "access"), kThursday);
  events_.Add(Person("c"), Decided("rule", "closed-5-years"), kThursday);
  events_.Add(Person("d"), Received("accepted", "correction"), kThursday);
  events_.Add(Person("d"), Answered("accepted", DATA_REQUEST_OUTCOME_ACCEPTED), kThursday);
  const auto told = Told();
  ASSERT_EQ(told.size(), 4u);
  EXPECT_THAT(std::vector(told.begin(), told.begin() + 2),
              ElementsAre("early received 03-09", "late received 03-17"));
  EXPECT_THAT(std::vector(told.begin() + 2, told.end()),
              ::testing::UnorderedElementsAre("accepted accepted ", "rule decided "));
}

TEST_F(DueRequestsTest, AnErasureGoesThroughItsStatesAndEndsInTheListOfExecutedOnes) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), 0);
  events_.Add(Person("a"), Received("r1", "erasure"), kThursday);
  events_.Add(Person("a"), Decided("r1"), kThursday + kDay);
  EXPECT_THAT(Told(), ElementsAre("r1 decided 03-25"));
  events_.Add(Person("a"), Approved("r1"), kThursday + 2 * kDay);
  EXPECT_THAT(Told({.state = "approved"}), ElementsAre("r1 approved 03-25"));
  EXPECT_THAT(Told({.state = "decided"}), IsEmpty());
  events_.Add(Person("a"), Erased("r1"), kThursday + 3 * kDay);
  EXPECT_THAT(Told(), IsEmpty());
  const auto executed = List({.state = "executed"});
  ASSERT_EQ(executed.size(), 1u);
  EXPECT_EQ(executed[0].decided_at, kThursday + kDay);
  EXPECT_EQ(executed[0].approved_at, kThursday + 2 * kDay);
  EXPECT_EQ(executed[0].executed_at, kThursday + 3 * kDay);
  EXPECT_EQ(executed[0].deadlines[1].met_at, kThursday + 3 * kDay);
  EXPECT_FALSE(executed[0].deadlines[1].IsOverdue(kThursday + 900 * kDay));
}

TEST_F(DueRequestsTest, AnErasureAnswersEveryRequestForOneAndNoOther) {
  events_.Add(Person("a"), Received("r1", "erasure"), kThursday);
  events_.Add(Person("a"), Received("r2", "erasure"), kThursday);
  events_.Add(Person("a"), Received("r3", "access"), kThursday);
  events_.Add(Person("a"), Decided("r1"), kThursday);
  events_.Add(Person("a"), Approved("r1"), kThursday);
  events_.Add(Person("a"), Erased("r1"), kThursday + kDay);
  EXPECT_THAT(Told(), ElementsAre("r3 received "));
  EXPECT_EQ(List({.state = "executed"}).size(), 2u);
}

TEST_F(DueRequestsTest, RefusedAndWithdrawnRequestsAreGoneWhateverTheirState) {
  events_.Add(Person("a"), Received("r1", "erasure"), kThursday);
  events_.Add(Person("a"), Decided("r1"), kThursday);
  events_.Add(Person("a"), Approved("r1"), kThursday);
  events_.Add(Person("a"), Answered("r1", DATA_REQUEST_OUTCOME_WITHDRAWN), kThursday);
  events_.Add(Person("a"), Received("r2", "access"), kThursday);
  events_.Add(Person("a"), Answered("r2", DATA_REQUEST_OUTCOME_REFUSED), kThursday);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(DueRequestsTest, AVoidedAnswerBringsTheRequestBackAndACorrectedReceiptMovesIt) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), 0);
  events_.Add(Person("a"), Received("r1", "access"), kThursday);
  events_.Add(Person("a"), Answered("r1", DATA_REQUEST_OUTCOME_REFUSED), kThursday + kDay);
  events_.Void(2);
  EXPECT_THAT(Told(), ElementsAre("r1 received 03-09"));
  events_.Correct(1, Received("r1", "erasure"), kThursday - 7 * kDay);
  EXPECT_THAT(Told(), ElementsAre("r1 received 03-02"));
  EXPECT_EQ(List()[0].request_kind, "erasure");
  EXPECT_EQ(List()[0].agency_id, "agency-1") << "who took it in stays";
}

TEST_F(DueRequestsTest, DeadlinesAreTheAgencysOwnElseTheDefaultAsTheyWereAtTheReceipt) {
  events_.Add(DeadlinesOf("default"), Deadlines("default", 2), 0);
  events_.Add(DeadlinesOf("x"), Deadlines("x", 1), kThursday + kDay / 24);
  events_.Add(Person("before"), Received("before", "correction"), kThursday, "x");
  events_.Add(Person("own"), Received("own", "correction"), kThursday + kDay / 12, "x");
  events_.Add(Person("other"), Received("other", "correction"), kThursday + kDay / 12, "y");
  EXPECT_THAT(Told(), ::testing::UnorderedElementsAre("own received 03-06", "before received 03-09",
                                                      "other received 03-09"));
}

TEST_F(DueRequestsTest, ATextThatIsLoadedOrVoidedLaterMovesWhatIsListed) {
  events_.Add(Person("a"), Received("r1", "correction"), kThursday);
  EXPECT_THAT(Told(), ElementsAre("r1 received "));
  events_.Add(DeadlinesOf("default"), Deadlines("default", 2), kThursday + 30 * kDay);
  EXPECT_THAT(Told(), ElementsAre("r1 received 03-09")) << "the law was in force before the file";
  events_.Add(DeadlinesOf("default"), Deadlines("default", 7), kThursday - kDay);
  EXPECT_THAT(Told(), ElementsAre("r1 received 03-16"));
  events_.Void(2);
  EXPECT_THAT(Told(), ElementsAre("r1 received 03-09"));
}

TEST_F(DueRequestsTest, OnlyWhatIsLaterThanItsDeadlineIsOverdue) {
  const RequestDeadline runs{"d", "", 100, std::nullopt};
  EXPECT_FALSE(runs.IsOverdue(100));
  EXPECT_TRUE(runs.IsOverdue(101));
  EXPECT_FALSE((RequestDeadline{"d", "", 100, 100}).IsOverdue(500));
  EXPECT_TRUE((RequestDeadline{"d", "", 100, 101}).IsOverdue(101));
}

TEST_F(DueRequestsTest, PagesGoThroughEverythingOnceAndOnlyForTheirOwnQuestion) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), 0);
  for (int i = 0; i < 7; ++i) {
    events_.Add(Person(std::to_string(i)), Received("r" + std::to_string(i), "access"),
                kThursday + (i % 3) * 7 * kDay);
  }
  const auto whole = Told();
  table_.CatchUp(events_);
  std::vector<std::string> paged;
  DueRequestQuery query{.page_size = 3};
  do {
    const auto page = ListDueRequests(*table_.Snapshot(), query);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const DueRequest& row : page->requests) {
      paged.push_back(row.request_id + " " + row.state + " " + Day(row.DueAt()));
    }
    query.page_token = page->next_page_token;
    if (!query.page_token.empty()) {
      DueRequestQuery other = query;
      other.request_kind = "erasure";
      EXPECT_EQ(ListDueRequests(*table_.Snapshot(), other).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
  } while (!query.page_token.empty());
  EXPECT_EQ(paged, whole);
  EXPECT_EQ(ListDueRequests(*table_.Snapshot(), {.state = "open"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DueRequestsTest, AreSortedByWhenTheyWereReceivedAndExecutedOnesByWhenTheyWereDue) {
  events_.Add(DeadlinesOf("default"), Deadlines("default"), 0);
  for (const int i : {2, 0, 1}) {
    events_.Add(Person(std::to_string(i)), Received("r" + std::to_string(i), "access"),
                kThursday + i * 7 * kDay);
  }
  const auto ids = [&](DueRequestOrder order) {
    std::vector<std::string> found;
    table_.CatchUp(events_);
    DueRequestQuery query{.order = order, .page_size = 2};
    do {
      const DueRequestPage page = ListDueRequests(*table_.Snapshot(), query).value();
      for (const DueRequest& row : page.requests) found.push_back(row.request_id);
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return found;
  };
  EXPECT_THAT(ids(DueRequestOrder::kFirstDue), ElementsAre("r0", "r1", "r2"));
  EXPECT_THAT(ids(DueRequestOrder::kFirstReceived), ElementsAre("r0", "r1", "r2"));
  EXPECT_THAT(ids(DueRequestOrder::kLastReceived), ElementsAre("r2", "r1", "r0"));
}

TEST_F(DueRequestsTest, NothingSealedIsKept) {
  events_.Add(Person("a"), Received("r1", "access"), kThursday);
  table_.CatchUp(events_);
  ASSERT_TRUE(table_.Snapshot()
                  ->Scan("", "",
                         [](std::string_view key, std::string_view value) {
                           EXPECT_EQ(key.find("secret"), std::string_view::npos);
                           EXPECT_EQ(value.find("secret"), std::string_view::npos);
                           return true;
                         })
                  .ok());
}

}  // namespace
}  // namespace caseledger::projections::testing
