// The list against a judge that reads the whole history again for each question.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "projections/retention/retention_due.h"
#include "tests/projections/retention/retention_facts.h"
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
using eventstore::StreamId;

constexpr int kHistories = 60;
constexpr int kEvents = 80;
constexpr Micros kNow = 60 * kDay;
const std::vector<std::string> kNames{"a", "b", "c", "d"};

struct Judged {
  bool is_case = false;
  bool is_closed = false;
  Micros due_at = 0;  // 0: no rule
  std::set<std::string> holds;
  std::set<std::string> persons;
};

class Judge {
 public:
  Judge(const RecordedEvents& events, std::map<uint64_t, std::pair<int, int>> days)
      : events_(events), days_(std::move(days)) {}

  // `CASE HOLDS PERSON=KEPT...` of each case due.
  std::set<std::string> Rows() const {
    std::map<std::string, Judged> cases;
    for (const std::string& name : kNames) cases[Case(name).id.ToString()] = CaseNamed(name);
    std::set<std::string> rows;
    for (const auto& [id, judged] : cases) {
      if (!IsDue(judged)) continue;
      std::string row = id;
      for (const std::string& hold : judged.holds) row += " " + hold;
      bool has_person = false;
      for (const std::string& person : judged.persons) {
        if (IsErased(person)) continue;
        has_person = true;
        row += " " + person + "=" + KeptBy(person, id, cases);
      }
      if (has_person) rows.insert(row);
    }
    return rows;
  }

 private:
  static bool IsDue(const Judged& judged) {
    return judged.is_case && judged.is_closed && judged.due_at != 0 && judged.due_at <= kNow;
  }

  Judged CaseNamed(const std::string& name) const {
    Judged judged;
    std::string type;
    Micros closed_at = 0;
    for (const Holding& each : HoldingOf(events_, Case(name))) {
      const Fact& fact = each.fact;
      if (fact.has_case_opened()) {
        judged.is_case = true;
        type = fact.case_opened().case_type();
      }
      if (fact.has_case_opened() || fact.has_case_reopened()) judged.is_closed = false;
      if (fact.has_case_closed()) {
        judged.is_closed = true;
        closed_at = each.at;
      }
      if (fact.has_legal_hold_placed()) judged.holds.insert(fact.legal_hold_placed().hold_id());
      if (fact.has_legal_hold_lifted()) judged.holds.erase(fact.legal_hold_lifted().hold_id());
      if (fact.has_participant_added()) judged.persons.insert(fact.participant_added().person_id());
    }
    if (judged.is_closed) judged.due_at = DueAfter(closed_at, type);
    return judged;
  }

  // All times are whole days of UTC, at seven in the morning in UTC+7.
  Micros DueAfter(Micros closed_at, const std::string& type) const {
    auto loads = HoldingOf(events_, RulesOf("x"));
    if (loads.empty()) loads = HoldingOf(events_, RulesOf("default"));
    if (loads.empty()) return 0;
    const auto [trafficking, others] = days_.at(loads.back().event->position);
    const int days = type == "trafficking" ? trafficking : others;
    return days == 0 ? 0 : closed_at + (days + 1) * kDay - 7 * kDay / 24;
  }

  bool IsErased(const std::string& person) const {
    for (const std::string& name : kNames) {
      if (Person(name).id.ToString() == person) return !HoldingOf(events_, Person(name)).empty();
    }
    return false;
  }

  static std::string KeptBy(const std::string& person, const std::string& case_id,
                            const std::map<std::string, Judged>& cases) {
    int strongest = 0;
    for (const auto& [id, judged] : cases) {
      if (!judged.is_case || !judged.persons.contains(person)) continue;
      int strength = 0;
      if (!IsDue(judged)) strength = judged.is_closed ? 1 : 2;
      if (!judged.holds.empty()) strength = 3;
      if (id == case_id && judged.holds.empty()) continue;
      strongest = std::max(strongest, strength);
    }
    const std::string kept_by[] = {"", "other_case", "open_case", "legal_hold"};
    return kept_by[strongest];
  }

  const RecordedEvents& events_;
  std::map<uint64_t, std::pair<int, int>> days_;  // by position of the load
};

class RandomHistory {
 public:
  explicit RandomHistory(uint32_t seed) : random_(seed) {}

  void AddOne() {
    const Micros at = static_cast<Micros>(random_() % 50) * kDay;
    if (events_.size() > 0 && random_() % 8 == 0) return VoidOne();
    switch (random_() % 16) {
      case 0:
        return Load(at);
      case 1:
        if (random_() % 3 == 0) events_.Add(Person(Name()), Erased(), at);
        return;
      default:
        events_.Add(Case(Name()), CaseFact(), at);
    }
  }

  const RecordedEvents& events() const { return events_; }
  const std::map<uint64_t, std::pair<int, int>>& days() const { return days_; }

 private:
  std::string Name() { return kNames[random_() % kNames.size()]; }

  void VoidOne() {
    const uint64_t target = random_() % events_.size();
    Fact fact;
    EXPECT_TRUE(fact.ParseFromString(events_.all()[target].fact));
    if (!fact.has_event_voided()) events_.Void(target);
  }

  void Load(Micros at) {
    const std::string agency = random_() % 2 == 0 ? "default" : "x";
    const auto days =
        std::make_pair(1 + static_cast<int>(random_() % 40), static_cast<int>(random_() % 40));
    days_[events_.size()] = days;
    events_.Add(RulesOf(agency), Rules(agency, days.first, days.second), at);
  }

  Fact CaseFact() {
    switch (random_() % 8) {
      case 0:
        return HoldPlaced("h" + std::to_string(random_() % 2));
      case 1:
        return HoldLifted("h" + std::to_string(random_() % 2));
      case 2:
        return Reopened();
      case 3:
      case 4:
        return Closed();
      case 5:
        return Opened(random_() % 2 == 0 ? "trafficking" : "social_assistance");
      default:
        return Added(Name());
    }
  }

  std::mt19937 random_;
  RecordedEvents events_;
  std::map<uint64_t, std::pair<int, int>> days_;
};

std::set<std::string> Listed(const ReadSnapshot& snapshot) {
  std::set<std::string> rows;
  const auto page = ListRetentionDue(snapshot, {.now = kNow, .page_size = 1000});
  EXPECT_TRUE(page.ok()) << page.status();
  for (const DueCase& due : page->cases) {
    std::string row = due.case_id.ToString();
    for (const std::string& hold : due.hold_ids) row += " " + hold;
    for (const DuePerson& person : due.persons) {
      row += " " + person.person_id.ToString() + "=" + person.kept_by;
    }
    rows.insert(row);
  }
  return rows;
}

TEST(RetentionRandom, AgreesWithAJudgeThatReadsTheWholeHistoryAfterEveryEvent) {
  const uint32_t first = std::random_device()();
  size_t told = 0;
  for (uint32_t i = 0; i < kHistories; ++i) {
    SCOPED_TRACE("seed " + std::to_string(first + i));
    RandomHistory history(first + i);
    ProjectionTable table(MakeRetention());
    for (int event = 0; event < kEvents; ++event) {
      history.AddOne();
      table.CatchUp(history.events());
      const std::set<std::string> expected = Judge(history.events(), history.days()).Rows();
      ASSERT_EQ(Listed(*table.Snapshot()), expected) << "after event " << event;
      told += expected.size();
    }
  }
  EXPECT_GT(told, 500u) << "the histories say too little";
}

}  // namespace
}  // namespace caseledger::projections::testing
