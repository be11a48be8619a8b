// The list against a judge that reads the whole history again for each question.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "projections/definition_texts/legal_time.h"
#include "projections/due_requests/due_requests.h"
#include "tests/projections/due_requests/request_facts.h"
#include "tests/support/holding_events.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections::testing {
namespace {

using caseledger::testing::Holding;
using caseledger::testing::HoldingOf;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using event::v1::DataRequestOutcome;
using event::v1::Fact;
using eventstore::RecordedEvent;

constexpr int kHistories = 60;
constexpr int kEvents = 60;

// What the text made by Deadlines() says: lengths of answer, access and erasure.
struct Lengths {
  uint32_t answer = 0;
  uint32_t access = 0;
  uint32_t erasure = 0;
};

// A row as the judge sees it: everything that the list tells.
using Row = std::tuple<std::string, std::string, std::string, std::string, std::string,
                       std::vector<std::string>>;

std::string Told(std::string_view name, Micros due, std::optional<Micros> met) {
  return std::string(name) + " " + std::to_string(due) + " " +
         (met.has_value() ? std::to_string(*met) : "runs");
}

class Judge {
 public:
  Judge(const RecordedEvents& events, std::map<uint64_t, Lengths> lengths)
      : events_(events), lengths_(std::move(lengths)) {}

  std::vector<Row> Rows(const eventstore::StreamId& person) const {
    const std::vector<Holding> holding = HoldingOf(events_, person);
    std::vector<Row> rows;
    for (const Holding& each : holding) {
      if (each.fact.has_data_request_received()) {
        AddRow(holding, each, each.fact.data_request_received().request_id(), rows);
      } else if (!each.fact.erasure_decided().retention_rule().empty()) {
        AddRow(holding, each, each.fact.erasure_decided().request_id(), rows);
      }
    }
    return rows;
  }

 private:
  // `begun`: the receipt, or the decision that nobody asked for.
  void AddRow(const std::vector<Holding>& holding, const Holding& begun, const std::string& key,
              std::vector<Row>& rows) const {
    const bool asked = begun.fact.has_data_request_received();
    const std::string kind = asked ? begun.fact.data_request_received().request_kind() : "erasure";
    std::string state = asked ? "received" : "decided";
    bool over = false;
    std::vector<const Holding*> about;
    for (const Holding& each : holding) {
      if (each.event == begun.event || Before(each, begun)) continue;
      const bool erases = each.fact.has_person_erased() && kind == "erasure";
      if (!erases && !IsAbout(each.fact, key)) continue;
      if (each.fact.has_erasure_approved() && state != "decided") continue;
      if (over || state == "executed") break;
      about.push_back(&each);
      if (erases) state = "executed";
      if (each.fact.has_erasure_decided()) state = "decided";
      if (each.fact.has_erasure_approved()) state = "approved";
      if (!each.fact.has_data_request_answered()) continue;
      if (each.fact.data_request_answered().outcome() !=
          DataRequestOutcome::DATA_REQUEST_OUTCOME_ACCEPTED) {
        over = true;
      } else if (state == "received") {
        state = "accepted";
      }
    }
    if (over) return;
    rows.emplace_back(begun.event->stream.id.ToString(), key, kind, state,
                      begun.event->origin.agency, DeadlinesTold(begun, kind, about));
  }

  static bool Before(const Holding& a, const Holding& b) {
    return std::make_tuple(a.at, a.event->revision) < std::make_tuple(b.at, b.event->revision);
  }

  static bool IsAbout(const Fact& fact, const std::string& key) {
    return (fact.has_data_request_answered() && fact.data_request_answered().request_id() == key) ||
           (fact.has_erasure_decided() && fact.erasure_decided().request_id() == key) ||
           (fact.has_erasure_approved() && fact.erasure_approved().request_id() == key);
  }

  std::vector<std::string> DeadlinesTold(const Holding& begun, const std::string& kind,
                                         const std::vector<const Holding*>& about) const {
    if (!begun.fact.has_data_request_received()) return {};
    const std::optional<Lengths> lengths = LengthsFor(begun.event->origin.agency, begun.at);
    if (!lengths.has_value()) return {};
    const auto first = [&](auto ends) -> std::optional<Micros> {
      for (const Holding* each : about) {
        // An erasure ends whatever still runs.
        if (ends(each->fact) || each->fact.has_person_erased()) return each->at;
      }
      return std::nullopt;
    };
    const auto ends_for_good = [](const Fact& fact) {
      const auto outcome = fact.data_request_answered().outcome();
      return fact.has_data_request_answered() &&
             (outcome == DataRequestOutcome::DATA_REQUEST_OUTCOME_REFUSED ||
              outcome == DataRequestOutcome::DATA_REQUEST_OUTCOME_FULFILLED);
    };
    std::vector<std::pair<Micros, std::string>> told;
    const Micros answer = AfterWorkingDays(begun.at, lengths->answer);
    told.emplace_back(answer, Told("answer", answer, first([](const Fact& fact) {
                                     return fact.has_data_request_answered() ||
                                            fact.has_erasure_decided();
                                   })));
    if (kind == "access" || kind == "erasure") {
      const Micros due = AfterDays(begun.at, kind == "access" ? lengths->access : lengths->erasure);
      told.emplace_back(due, Told(kind, due, first(ends_for_good)));
    }
    std::sort(told.begin(), told.end());
    std::vector<std::string> texts;
    for (const auto& [due, text] : told) texts.push_back(text);
    return texts;
  }

  std::optional<Lengths> LengthsFor(const std::string& agency, Micros at) const {
    for (const std::string& name : {agency, std::string("default")}) {
      std::optional<Lengths> newest;
      for (const Holding& load : HoldingOf(events_, DeadlinesOf(name))) {
        if (load.at <= at) newest = lengths_.at(load.event->position);
      }
      if (newest.has_value()) return newest;
    }
    for (const std::string& name : {std::string("default"), agency}) {
      const auto loads = HoldingOf(events_, DeadlinesOf(name));
      if (!loads.empty()) return lengths_.at(loads.front().event->position);
    }
    return std::nullopt;
  }

  const RecordedEvents& events_;
  std::map<uint64_t, Lengths> lengths_;  // by position of the load
};

class RandomHistory {
 public:
  explicit RandomHistory(uint32_t seed) : random_(seed) {}

  void AddOne() {
    const Micros at = static_cast<Micros>(random_() % 60) * kDay;
    if (random_() % 8 == 0) return Load(at);
    const eventstore::StreamId person = persons_[random_() % persons_.size()];
    const std::vector<uint64_t>& earlier = positions_[person];
    if (!earlier.empty() && random_() % 6 == 0) {
      const uint64_t target = earlier[random_() % earlier.size()];
      if (random_() % 2 == 0) {
        events_.Void(target);
      } else {
        events_.Correct(target, Changed(target), random_() % 2 == 0 ? at + 1 : 0);
      }
      return;
    }
    positions_[person].push_back(events_.size());
    events_.Add(person, RequestFact(keys_[person]), at, random_() % 2 == 0 ? "x" : "y");
  }

  const RecordedEvents& events() const { return events_; }
  const std::map<uint64_t, Lengths>& lengths() const { return lengths_; }
  const std::vector<eventstore::StreamId>& persons() const { return persons_; }

 private:
  void Load(Micros at) {
    const std::string agency = random_() % 2 == 0 ? "default" : "x";
    const Lengths lengths{OneTo(9), OneTo(20), OneTo(30)};
    lengths_[events_.size()] = lengths;
    events_.Add(DeadlinesOf(agency),
                Deadlines(agency, static_cast<int>(lengths.answer),
                          static_cast<int>(lengths.access), static_cast<int>(lengths.erasure)),
                at);
  }

  uint32_t OneTo(uint32_t most) { return 1 + static_cast<uint32_t>(random_() % most); }

  // A key stands for one request, as the domain keeps it; what is said of it may come in any order.
  Fact RequestFact(std::vector<std::string>& keys) {
    const std::vector<std::string> kinds{"access", "correction", "erasure", "erasure"};
    const size_t choice = random_() % 8;
    if (keys.empty() || choice < 2) {
      keys.push_back("r" + std::to_string(keys.size()));
      return choice == 0 ? Decided(keys.back(), "rule")
                         : Received(keys.back(), kinds[random_() % kinds.size()]);
    }
    const std::string& key = keys[random_() % keys.size()];
    if (choice == 2) return Decided(key);
    if (choice == 3) return Approved(key);
    if (choice == 4 && random_() % 3 == 0) return Erased(key);
    return Answered(key, static_cast<DataRequestOutcome>(OneTo(4)));
  }

  // A correction replaces a fact by one of the same type and, here, of the same key.
  Fact Changed(uint64_t position) {
    Fact fact;
    EXPECT_TRUE(fact.ParseFromString(events_.all()[position].fact));
    if (fact.has_data_request_received()) {
      fact.mutable_data_request_received()->set_request_kind(random_() % 2 == 0 ? "access"
                                                                                : "erasure");
    } else if (fact.has_data_request_answered()) {
      fact.mutable_data_request_answered()->set_outcome(static_cast<DataRequestOutcome>(OneTo(4)));
    }
    return fact;
  }

  std::mt19937 random_;
  RecordedEvents events_;
  std::map<uint64_t, Lengths> lengths_;
  std::map<eventstore::StreamId, std::vector<uint64_t>> positions_;
  std::map<eventstore::StreamId, std::vector<std::string>> keys_;
  const std::vector<eventstore::StreamId> persons_{Person("a"), Person("b"), Person("c")};
};

std::vector<Row> Listed(const ReadSnapshot& snapshot) {
  std::vector<Row> rows;
  for (const std::string state : {"", "executed"}) {
    const auto page = ListDueRequests(snapshot, {.state = state, .page_size = 1000});
    EXPECT_TRUE(page.ok()) << page.status();
    for (const DueRequest& row : page->requests) {
      std::vector<std::string> deadlines;
      for (const RequestDeadline& deadline : row.deadlines) {
        deadlines.push_back(Told(deadline.deadline_id, deadline.due_at, deadline.met_at));
      }
      rows.emplace_back(row.person_id.ToString(), row.request_id, row.request_kind, row.state,
                        row.agency_id, deadlines);
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST(DueRequestsRandom, AgreeWithAJudgeThatReadsTheWholeHistoryAfterEveryEvent) {
  const uint32_t first = std::random_device()();
  size_t told = 0;
  for (uint32_t i = 0; i < kHistories; ++i) {
    SCOPED_TRACE("seed " + std::to_string(first + i));
    RandomHistory history(first + i);
    ProjectionTable table(MakeDueRequests());
    for (int event = 0; event < kEvents; ++event) {
      history.AddOne();
      table.CatchUp(history.events());
      const Judge judge(history.events(), history.lengths());
      std::vector<Row> expected;
      for (const auto& person : history.persons()) {
        for (Row& row : judge.Rows(person)) expected.push_back(std::move(row));
      }
      std::sort(expected.begin(), expected.end());
      ASSERT_EQ(Listed(*table.Snapshot()), expected) << "after event " << event;
      told += expected.size();
    }
  }
  EXPECT_GT(told, 1000u) << "the histories say too little";
}

}  // namespace
}  // namespace caseledger::projections::testing
