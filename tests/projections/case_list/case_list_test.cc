#include "projections/case_list/case_list.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "projections/read_model/sorted_rows.h"
#include "tests/support/projection_table.h"
#include "tests/support/recorded_events.h"

namespace caseledger::projections {
namespace {

using caseledger::testing::NamedId;
using caseledger::testing::NamedStream;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using event::v1::Fact;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Micros kDay = 86'400 * kMicrosPerSecond;

eventstore::StreamId Case(std::string_view name) {
  return NamedStream(options::v1::RECORD_KIND_CASE_RECORD, name);
}

Fact Opened(const std::string& type, const std::string& agency) {
  Fact fact;
  auto& opened = *fact.mutable_case_opened();
  opened.set_case_type(type);
  opened.set_owner_agency_id(agency);
  opened.set_owner_worker_id("worker-1");
  opened.add_concerns("autism_spectrum");
  opened.mutable_unit()->set_code("06691");
  opened.mutable_external_ref()->set_source("qn-csv");
  opened.mutable_external_ref()->set_value("CASE-1");
  opened.mutable_note()->set_text("secret");
  return fact;
}
Fact Risk(event::v1::Risk risk) {
  Fact fact;
  fact.mutable_risk_assessed()->set_risk(risk);
  return fact;
}
Fact Participant(const std::string& person, event::v1::ParticipantRole role) {
  Fact fact;
  fact.mutable_participant_added()->set_person_id(person);
  fact.mutable_participant_added()->set_role(role);
  return fact;
}
Fact Closed() {
  Fact fact;
  fact.mutable_case_closed()->set_reason("goals_met");
  return fact;
}
Fact Reopened() {
  Fact fact;
  fact.mutable_case_reopened()->set_reason("again");
  return fact;
}

class CaseListTest : public ::testing::Test {
 protected:
  std::vector<CaseRow> List(CaseListQuery query = {}) {
    table_.CatchUp(events_);
    auto page = ListCases(*table_.Snapshot(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? std::move(page->cases) : std::vector<CaseRow>();
  }
  std::vector<CaseRow> AsOf(uint64_t events) { return List({.as_of_events = events}); }
  std::vector<Uuid> Ids(CaseListQuery query = {}) {
    std::vector<Uuid> ids;
    for (const CaseRow& row : List(std::move(query))) ids.push_back(row.case_id);
    return ids;
  }

  // Rows that come newest opened first, in another order.
  static std::vector<CaseRow> SortedByHand(std::vector<CaseRow> rows, CaseOrder order) {
    const auto rank = [](const std::string& risk) {
      const std::string all = "critical high medium low";
      return risk.empty() ? all.size() : all.find(risk);
    };
    std::stable_sort(rows.begin(), rows.end(), [&](const CaseRow& a, const CaseRow& b) {
      switch (order) {
        case CaseOrder::kOldestOpened:
          return a.opened_at < b.opened_at;
        case CaseOrder::kHighestRisk:
          return rank(a.risk) < rank(b.risk);
        case CaseOrder::kNewestClosed:
          return a.closed_at.value_or(-1) > b.closed_at.value_or(-1);
        case CaseOrder::kNewestOpened:
          break;
      }
      return false;
    });
    return rows;
  }

  RecordedEvents events_;
  ProjectionTable table_{MakeCaseList()};
};

TEST_F(CaseListTest, RowTellsWhatTheCaseIsNow) {
  events_.Add(Case("a"), Opened("gender_based_violence", "agency-1"), 10 * kDay);
  events_.Add(Case("a"), Participant("p1", event::v1::PARTICIPANT_ROLE_CLIENT), 10 * kDay);
  events_.Add(Case("a"), Participant("p2", event::v1::PARTICIPANT_ROLE_PARENT), 10 * kDay);
  events_.Add(Case("a"), Risk(event::v1::RISK_HIGH), 11 * kDay);
  Fact assigned;
  assigned.mutable_owner_assigned()->set_owner_agency_id("agency-2");
  assigned.mutable_owner_assigned()->set_owner_worker_id("worker-9");
  events_.Add(Case("a"), assigned, 12 * kDay);
  const std::vector<CaseRow> rows = List();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].case_id, NamedId("a"));
  EXPECT_EQ(rows[0].external_ref, "qn-csv/CASE-1");
  EXPECT_EQ(rows[0].case_type, "gender_based_violence");
  EXPECT_THAT(rows[0].concerns, ElementsAre("autism_spectrum"));
  EXPECT_EQ(rows[0].owner_agency_id, "agency-2");
  EXPECT_EQ(rows[0].owner_worker_id, "worker-9");
  EXPECT_EQ(rows[0].phase, "open");
  EXPECT_EQ(rows[0].risk, "high");
  EXPECT_EQ(rows[0].unit_code, "06691");
  EXPECT_EQ(rows[0].opened_at, 10 * kDay);
  EXPECT_EQ(rows[0].closed_at, std::nullopt);
  EXPECT_EQ(rows[0].client_count, 1u);
  EXPECT_EQ(rows[0].revision, 5u);
}

TEST_F(CaseListTest, NewestOpenedComesFirstWhateverTheOrderOfRecording) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("b"), Opened("trafficking", "x"), 30 * kDay);
  events_.Add(Case("c"), Opened("trafficking", "x"), 20 * kDay);
  EXPECT_THAT(Ids(), ElementsAre(NamedId("b"), NamedId("c"), NamedId("a")));
}

TEST_F(CaseListTest, ClosedAndReopenedCyclesEndInTheirPhase) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("a"), Closed(), 20 * kDay);
  events_.Add(Case("a"), Reopened(), 30 * kDay);
  EXPECT_EQ(AsOf(2)[0].phase, "closed");
  EXPECT_EQ(AsOf(2)[0].closed_at, 20 * kDay);
  EXPECT_EQ(AsOf(3)[0].phase, "open");
  EXPECT_EQ(AsOf(3)[0].closed_at, std::nullopt);
  EXPECT_EQ(AsOf(3)[0].opened_at, 10 * kDay);
}

TEST_F(CaseListTest, RiskIsTheNewestInTimeNotTheLastRecorded) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("a"), Risk(event::v1::RISK_CRITICAL), 20 * kDay);
  events_.Add(Case("a"), Risk(event::v1::RISK_LOW), 15 * kDay);  // a late entry
  EXPECT_EQ(List()[0].risk, "critical");
  EXPECT_EQ(List()[0].revision, 3u);
}

TEST_F(CaseListTest, CorrectedOpeningMovesTheRowAndThePastStaysReadable) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("b"), Opened("trafficking", "x"), 20 * kDay);
  events_.Correct(0, Opened("child_protection", "x"), 30 * kDay);
  EXPECT_THAT(Ids(), ElementsAre(NamedId("a"), NamedId("b")));
  EXPECT_EQ(List()[0].case_type, "child_protection");
  EXPECT_THAT(Ids({.as_of_events = 2}), ElementsAre(NamedId("b"), NamedId("a")));
  EXPECT_EQ(AsOf(2)[1].case_type, "trafficking");
}

TEST_F(CaseListTest, VoidedClosureLeavesTheCaseOpen) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("a"), Closed(), 20 * kDay);
  events_.Void(1);
  EXPECT_EQ(List()[0].phase, "open");
  EXPECT_EQ(AsOf(2)[0].phase, "closed");
}

TEST_F(CaseListTest, VoidedOpeningTakesTheCaseOffTheList) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Void(0);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(AsOf(1).size(), 1u);
}

TEST_F(CaseListTest, FiltersAreAllApplied) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("b"), Opened("trafficking", "y"), 20 * kDay);
  events_.Add(Case("c"), Opened("child_protection", "x"), 30 * kDay);
  events_.Add(Case("c"), Closed(), 40 * kDay);
  EXPECT_THAT(Ids({.owner_agency_id = "x"}), ElementsAre(NamedId("c"), NamedId("a")));
  EXPECT_THAT(Ids({.phase = "closed"}), ElementsAre(NamedId("c")));
  EXPECT_THAT(Ids({.owner_agency_id = "x", .case_type = "trafficking"}), ElementsAre(NamedId("a")));
}

TEST_F(CaseListTest, AWorkerIsFoundWithTheirAgencyUntilTheCaseGoesToAnother) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("b"), Opened("trafficking", "y"), 20 * kDay);
  const CaseListQuery mine{.owner_agency_id = "x", .owner_worker_id = "worker-1"};
  EXPECT_THAT(Ids(mine), ElementsAre(NamedId("a")));
  Fact assigned;
  assigned.mutable_owner_assigned()->set_owner_agency_id("x");
  assigned.mutable_owner_assigned()->set_owner_worker_id("worker-2");
  events_.Add(Case("a"), assigned, 30 * kDay);
  EXPECT_THAT(Ids(mine), IsEmpty());
  CaseListQuery then = mine;
  then.as_of_events = 2;
  EXPECT_THAT(Ids(then), ElementsAre(NamedId("a")));
  EXPECT_EQ(ListCases(*table_.Snapshot(), {.owner_worker_id = "worker-1"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(CaseListTest, IsSortedAsAskedFor) {
  events_.Add(Case("a"), Opened("trafficking", "x"), 10 * kDay);
  events_.Add(Case("b"), Opened("trafficking", "x"), 20 * kDay);
  events_.Add(Case("c"), Opened("trafficking", "x"), 30 * kDay);
  events_.Add(Case("a"), Risk(event::v1::RISK_LOW), 31 * kDay);
  events_.Add(Case("b"), Risk(event::v1::RISK_CRITICAL), 31 * kDay);
  events_.Add(Case("a"), Closed(), 40 * kDay);
  events_.Add(Case("c"), Closed(), 35 * kDay);
  EXPECT_THAT(Ids({.order = CaseOrder::kOldestOpened}),
              ElementsAre(NamedId("a"), NamedId("b"), NamedId("c")));
  EXPECT_THAT(Ids({.order = CaseOrder::kHighestRisk}),
              ElementsAre(NamedId("b"), NamedId("a"), NamedId("c")));
  EXPECT_THAT(Ids({.order = CaseOrder::kNewestClosed}),
              ElementsAre(NamedId("a"), NamedId("c"), NamedId("b")));
}

TEST_F(CaseListTest, MoreThanCanBeSortedSayWhatToDo) {
  for (size_t i = 0; i <= kMostSortedRows; ++i) {
    events_.Add(Case("c" + std::to_string(i)), Opened("trafficking", i == 0 ? "y" : "x"), kDay);
  }
  table_.CatchUp(events_);
  const CaseListQuery oldest{.order = CaseOrder::kOldestOpened, .page_size = 1};
  const absl::Status refused = ListCases(*table_.Snapshot(), oldest).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("SORT_NEEDS_FILTER"));
  CaseListQuery fewer = oldest;
  fewer.owner_agency_id = "x";
  EXPECT_TRUE(ListCases(*table_.Snapshot(), fewer).ok());
}

// Whatever is asked for, as of whatever point, is what the list of all cases as of that point has
// left when the rest is taken out by hand.
TEST_F(CaseListTest, OfRandomHistoriesFindsWhatAFullScanFinds) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto any = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  const std::vector<std::string> agencies = {"x", "y", "xy", ""};
  const std::vector<std::string> types = {"trafficking", "child_protection"};
  std::vector<uint64_t> openings;
  for (int i = 0; i < 400; ++i) {
    const eventstore::StreamId stream = Case("c" + std::to_string(random() % 25));
    const Micros at = static_cast<Micros>(random() % 50) * kDay;
    Fact assigned;
    assigned.mutable_owner_assigned()->set_owner_agency_id(any(agencies));
    assigned.mutable_owner_assigned()->set_owner_worker_id(any({"w1", "w2", ""}));
    const auto risk = static_cast<event::v1::Risk>(1 + random() % 4);
    switch (random() % 8) {
      case 0:
      case 1:
        openings.push_back(events_.Add(stream, Opened(any(types), any(agencies)), at).position);
        break;
      case 2:
        events_.Add(stream, Closed(), at);
        break;
      case 3:
        events_.Add(stream, Reopened(), at);
        break;
      case 4:
        events_.Add(stream, Risk(risk), at);
        break;
      case 5:
        if (openings.empty()) continue;
        events_.Correct(openings[random() % openings.size()], Opened(any(types), any(agencies)),
                        at);
        break;
      case 6:
        if (openings.empty() || random() % 3 != 0) continue;
        events_.Void(openings[random() % openings.size()]);
        break;
      default:
        events_.Add(stream, assigned, at);
    }
  }
  size_t found = 0;
  for (int i = 0; i < 300; ++i) {
    const uint64_t as_of = random() % (events_.all().size() + 1);
    CaseListQuery query{.page_size = 1 + static_cast<int64_t>(random() % 7), .as_of_events = as_of};
    if (random() % 2 == 0) query.owner_agency_id = any({"x", "y", "xy"});
    if (random() % 2 == 0 && !query.owner_agency_id.empty())
      query.owner_worker_id = any({"w1", "w2"});
    if (random() % 2 == 0) query.phase = any({"open", "closed"});
    if (random() % 2 == 0) query.case_type = any(types);
    query.order = static_cast<CaseOrder>(random() % 4);
    std::vector<Uuid> expected;
    for (const CaseRow& row : SortedByHand(AsOf(as_of), query.order)) {
      const auto fits = [](const std::string& filter, const std::string& value) {
        return filter.empty() || filter == value;
      };
      if (fits(query.owner_agency_id, row.owner_agency_id) &&
          fits(query.owner_worker_id, row.owner_worker_id) && fits(query.phase, row.phase) &&
          fits(query.case_type, row.case_type)) {
        expected.push_back(row.case_id);
      }
    }
    std::vector<Uuid> listed;
    do {
      const auto page = ListCases(*table_.Snapshot(), query);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const CaseRow& row : page->cases) listed.push_back(row.case_id);
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    ASSERT_EQ(listed, expected) << "question " << i;
    found += listed.size();
  }
  EXPECT_GT(found, 100u);
}

TEST_F(CaseListTest, PagesTellOfTheMomentOfTheFirstPage) {
  for (int i = 0; i < 5; ++i) {
    events_.Add(Case("c" + std::to_string(i)), Opened("trafficking", "x"), (10 + i) * kDay);
  }
  table_.CatchUp(events_);
  CaseListQuery query{.page_size = 2};
  auto first = ListCases(*table_.Snapshot(), query).value();
  EXPECT_EQ(first.reflected_events, 5u);
  // Between the pages one case closes and another is opened.
  events_.Add(Case("c1"), Closed(), 40 * kDay);
  events_.Add(Case("new"), Opened("trafficking", "x"), kDay);
  table_.CatchUp(events_);
  std::vector<Uuid> rest;
  query.page_token = first.next_page_token;
  while (!query.page_token.empty()) {
    const auto page = ListCases(*table_.Snapshot(), query).value();
    EXPECT_EQ(page.reflected_events, 5u);
    for (const CaseRow& row : page.cases) {
      EXPECT_EQ(row.phase, "open");
      rest.push_back(row.case_id);
    }
    query.page_token = page.next_page_token;
  }
  EXPECT_THAT(rest, ElementsAre(NamedId("c2"), NamedId("c1"), NamedId("c0")));
}

TEST_F(CaseListTest, TokenOfOtherFiltersIsRefused) {
  for (int i = 0; i < 3; ++i) {
    events_.Add(Case("c" + std::to_string(i)), Opened("trafficking", "x"), i * kDay);
  }
  table_.CatchUp(events_);
  const auto page = ListCases(*table_.Snapshot(), {.page_size = 1}).value();
  EXPECT_EQ(ListCases(*table_.Snapshot(), {.phase = "open", .page_token = page.next_page_token})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(CaseListTest, UnknownFactOfACaseStopsAndOneOfAnotherRecordDoesNot) {
  eventstore::RecordedEvent event = events_.Add(Case("a"), Fact(), kDay);
  EXPECT_EQ(table_.Try(event).code(), absl::StatusCode::kUnimplemented);
  event.stream.kind = options::v1::RECORD_KIND_CONTACT;
  EXPECT_TRUE(table_.Try(event).ok());
}

TEST_F(CaseListTest, NothingSealedIsKept) {
  events_.Add(Case("a"), Opened("trafficking", "x"), kDay);
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
}  // namespace caseledger::projections
