// The list against a judge that reads the whole history again for each question.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <tuple>

#include "google/protobuf/text_format.h"
#include "projections/definition_texts/deadline_terms.h"
#include "projections/work_items/fact_times.h"
#include "projections/work_items/work_items.h"
#include "tests/projections/work_items/case_facts.h"
#include "tests/support/holding_events.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections::testing {
namespace {

using caseledger::testing::Holding;
using caseledger::testing::HoldingOf;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using event::v1::Fact;
using eventstore::RecordedEvent;

constexpr int kHistories = 60;
constexpr int kEvents = 70;
constexpr Micros kBegin = 1'770'000'000 * kMicrosPerSecond;

using Row = std::tuple<std::string, std::string, Uuid, Micros, Micros, std::string, std::string>;

class Judge {
 public:
  Judge(const RecordedEvents& events, Micros now) : events_(events), now_(now) {}

  // Every deadline of these records, as the list would tell it.
  std::vector<Row> Rows(const std::vector<eventstore::StreamId>& records) const {
    std::vector<Row> rows;
    for (const eventstore::StreamId& record : records) AddRows(record, rows);
    std::sort(rows.begin(), rows.end());
    return rows;
  }

 private:
  v1::Deadlines DeadlinesOfAgency(const std::string& agency, Micros at) const {
    for (const std::string& whose : {agency, std::string("default")}) {
      const auto loads = HoldingOf(events_, DeadlinesOf(whose));
      const Holding* newest = nullptr;
      for (const Holding& load : loads) {
        if (load.at <= at) newest = &load;
      }
      if (newest != nullptr) return Parsed(*newest);
    }
    for (const std::string& whose : {std::string("default"), agency}) {
      const auto loads = HoldingOf(events_, DeadlinesOf(whose));
      if (!loads.empty()) return Parsed(loads.front());
    }
    return {};
  }
  static v1::Deadlines Parsed(const Holding& load) {
    v1::Deadlines deadlines;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(load.fact.deadlines_loaded().text(),
                                                              &deadlines));
    return deadlines;
  }

  void AddRows(const eventstore::StreamId& record, std::vector<Row>& rows) const {
    const std::vector<Holding> facts = HoldingOf(events_, record);
    const bool is_case = record.kind == options::v1::RECORD_KIND_CASE_RECORD;
    std::string agency_now;
    std::string worker_now;
    std::string type;
    std::string first_agency;
    for (const Holding& each : facts) {
      if (each.fact.has_case_opened()) {
        if (type.empty()) type = each.fact.case_opened().case_type();
        agency_now = each.fact.case_opened().owner_agency_id();
        worker_now = each.fact.case_opened().owner_worker_id();
      } else if (each.fact.has_owner_assigned()) {
        agency_now = each.fact.owner_assigned().owner_agency_id();
        worker_now = each.fact.owner_assigned().owner_worker_id();
      }
      if (first_agency.empty()) first_agency = agency_now;
    }
    if (is_case && type.empty()) return;
    std::string agency_then = is_case ? first_agency : "";
    for (size_t i = 0; i < facts.size(); ++i) {
      const Holding& start = facts[i];
      if (start.fact.has_case_opened()) agency_then = start.fact.case_opened().owner_agency_id();
      if (start.fact.has_owner_assigned()) {
        agency_then = start.fact.owner_assigned().owner_agency_id();
      }
      const std::string agency = is_case ? agency_then : start.event->origin.agency;
      const v1::Deadlines deadlines = DeadlinesOfAgency(agency, start.at);
      for (const v1::Deadline& deadline : deadlines.deadline()) {
        if (deadline.starts_with() != NameOf(start.fact)) continue;
        if (!deadline.case_type().empty() && deadline.case_type() != type) continue;
        std::string state = "open";
        const Micros due = DueAt(deadline, start.at);
        Micros ended = 0;
        for (size_t j = i + 1; j < facts.size() && ended == 0; ++j) {
          const std::string name = NameOf(facts[j].fact);
          const bool meets =
              std::count(deadline.met_by().begin(), deadline.met_by().end(), name) > 0;
          const bool cancels = std::count(deadline.cancelled_by().begin(),
                                          deadline.cancelled_by().end(), name) > 0 ||
                               (is_case && facts[j].fact.has_transfer_accepted());
          if (!meets && !cancels) continue;
          if (!SubjectOf(start.fact).GoesWith(SubjectOf(facts[j].fact))) continue;
          ended = facts[j].at;
          state = meets ? (ended <= due ? "met" : "late") : "cancelled";
        }
        if (ended == 0 && now_ > due) state = "overdue";
        rows.emplace_back(deadline.id(), state, start.event->event_id, due, ended,
                          is_case ? agency_now : agency, worker_now);
      }
    }
  }

  const RecordedEvents& events_;
  const Micros now_;
};

std::vector<Row> Listed(const ReadSnapshot& snapshot, Micros now) {
  std::vector<Row> rows;
  for (const char* state : {"open", "overdue", "met", "late", "cancelled"}) {
    WorkItemQuery query{.now = now, .state = state, .page_size = 3};
    do {
      const auto page = ListWorkItems(snapshot, query);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return rows;
      for (const WorkItem& item : page->items) {
        rows.emplace_back(item.deadline_id, std::string(StateOf(item, now)), item.started_by,
                          item.due_at, item.ended_at.value_or(0), item.agency_id, item.worker_id);
      }
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<Uuid> StartsOf(const ReadSnapshot& snapshot, WorkItemQuery query) {
  std::vector<Uuid> starts;
  do {
    const auto page = ListWorkItems(snapshot, query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    for (const WorkItem& item : page->items) starts.push_back(item.started_by);
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return starts;
}

constexpr Micros kNever = std::numeric_limits<Micros>::max();

// Every order is the usual one, sorted.
void CheckOrders(const ReadSnapshot& snapshot, Micros now) {
  using Before = bool (*)(const WorkItem& a, const WorkItem& b);
  const std::vector<std::pair<WorkItemOrder, Before>> orders{
      {WorkItemOrder::kAsListed, [](const WorkItem&, const WorkItem&) { return false; }},
      {WorkItemOrder::kFirstDue,
       [](const WorkItem& a, const WorkItem& b) { return a.due_at < b.due_at; }},
      {WorkItemOrder::kLastDue,
       [](const WorkItem& a, const WorkItem& b) { return a.due_at > b.due_at; }},
      {WorkItemOrder::kFirstStarted,
       [](const WorkItem& a, const WorkItem& b) { return a.started_at < b.started_at; }},
      {WorkItemOrder::kLastStarted,
       [](const WorkItem& a, const WorkItem& b) { return a.started_at > b.started_at; }},
      {WorkItemOrder::kFirstEnded,
       [](const WorkItem& a, const WorkItem& b) {
         return a.ended_at.value_or(kNever) < b.ended_at.value_or(kNever);
       }},
      {WorkItemOrder::kLastEnded,
       [](const WorkItem& a, const WorkItem& b) {
         return a.ended_at.value_or(-kNever) > b.ended_at.value_or(-kNever);
       }},
  };
  for (const char* state : {"", "met"}) {
    auto usual = ListWorkItems(snapshot, {.now = now, .state = state, .page_size = 1000});
    ASSERT_TRUE(usual.ok()) << usual.status();
    for (const auto& [order, before] : orders) {
      std::vector<WorkItem> items = usual->items;
      std::stable_sort(items.begin(), items.end(), before);
      std::vector<Uuid> expected;
      for (const WorkItem& item : items) expected.push_back(item.started_by);
      EXPECT_EQ(StartsOf(snapshot, {.order = order, .now = now, .state = state, .page_size = 3}),
                expected)
          << state << " order " << static_cast<int>(order);
    }
  }
}

TEST(WorkItemsRandom, ListsWhatReadingTheWholeHistoryTells) {
  const auto seed = static_cast<unsigned>(std::random_device()());
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto any = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  size_t rows_seen = 0;
  for (int history = 0; history < kHistories; ++history) {
    RecordedEvents events;
    ProjectionTable table(MakeWorkItems());
    const std::vector<eventstore::StreamId> records{Case("a"), Case("b"), Contact("c")};
    const std::vector<std::string> agencies{"x", "y"};
    const auto measure = [&] { return "'m" + std::to_string(any(2)) + "'"; };
    const auto case_fact = [&]() -> Fact {
      const std::string& agency = agencies[static_cast<size_t>(any(2))];
      switch (any(12)) {
        case 0:
          return Opened(agency, any(2) == 0 ? "child_protection" : "trafficking", "nv-1");
        case 1:
          return Assigned(agency, "nv-2");
        case 2:
          return FactOf("plan_drafted { plan_id: " + measure() + " }");
        case 3:
          return FactOf("service_delivered { service_id: " + measure() + " }");
        case 4:
          return FactOf("separation_ordered { measure_id: " + measure() + " }");
        case 5:
          return FactOf("separation_extended { measure_id: " + measure() + " }");
        case 6:
          return FactOf("separation_lifted { measure_id: " + measure() + " }");
        case 7:
          return FactOf("emergency_started { emergency_id: " + measure() + " }");
        case 8:
          return FactOf("emergency_ended { emergency_id: " + measure() + " }");
        case 9:
          return FactOf("contact_ban_issued { measure_id: " + measure() + " }");
        case 10:
          return FactOf("therapy_session_held { session_id: " + measure() + " }");
        default:
          return any(3) == 0 ? FactOf("transfer_accepted { transfer_id: 't' }")
                             : FactOf("case_closed { reason: 'goals_met' }");
      }
    };
    const auto contact_fact = [&] {
      return any(2) == 0 ? FactOf("report_forwarded { forward_id: " + measure() + " }")
                         : FactOf("report_acknowledged { forward_id: " + measure() + " }");
    };
    for (int i = 0; i < kEvents; ++i) {
      const Micros at = kBegin + any(400) * kHour / 4;
      const int what = any(20);
      if (what == 0) {
        const std::string agency = any(2) == 0 ? "default" : agencies[static_cast<size_t>(any(2))];
        events.Add(DeadlinesOf(agency), Deadlines(agency, 1 + any(6), 1 + any(40)), at);
      } else if (what <= 2 && events.size() > 0) {
        events.Void(static_cast<uint64_t>(any(static_cast<int>(events.size()))));
      } else if (what <= 5 && events.size() > 0) {
        const auto target = static_cast<uint64_t>(any(static_cast<int>(events.size())));
        Fact was;
        ASSERT_TRUE(was.ParseFromString(events.all()[target].fact));
        const bool is_case =
            events.all()[target].stream.kind == options::v1::RECORD_KIND_CASE_RECORD;
        Fact now = is_case ? case_fact() : was;
        if (was.has_fact_corrected() || was.has_event_voided()) continue;
        events.Correct(target, now, any(2) == 0 ? at : 0);
      } else {
        const auto& record = records[static_cast<size_t>(any(3))];
        const bool is_case = record.kind == options::v1::RECORD_KIND_CASE_RECORD;
        events.Add(record, is_case ? case_fact() : contact_fact(), at,
                   agencies[static_cast<size_t>(any(2))]);
      }
      if (any(8) != 0) continue;
      table.CatchUp(events);
      const Micros now = kBegin + any(600) * kHour / 4;
      const auto expected = Judge(events, now).Rows(records);
      rows_seen += expected.size();
      ASSERT_EQ(Listed(*table.Snapshot(), now), expected)
          << "history " << history << " event " << i;
      CheckOrders(*table.Snapshot(), now);
    }
  }
  EXPECT_GT(rows_seen, 1000u);
}

}  // namespace
}  // namespace caseledger::projections::testing
