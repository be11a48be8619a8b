// Figures split into groups, over random histories with late entries, corrections and voids, as of
// random points: compared with what is counted by hand from the list of all events.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/projections/report_facts/known.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;
using options::v1::RecordKind;

constexpr Micros kHour = 3600 * kMicrosPerSecond;
constexpr Micros kDay = 24 * kHour;
constexpr int kCases = 5;
constexpr Micros kZone = 7 * kHour;  // Viet Nam has no other

using Figures = std::map<std::string, uint64_t>;

struct Cycle {
  Micros begin = 0;
  std::optional<Micros> end;
};
std::vector<Cycle> CyclesOf(const std::vector<Counted>& record) {
  std::vector<Cycle> cycles;
  const bool opened = std::any_of(record.begin(), record.end(),
                                  [](const Counted& each) { return each.fact.has_case_opened(); });
  if (!opened) return cycles;
  for (const Counted& each : record) {
    const bool open = !cycles.empty() && !cycles.back().end.has_value();
    if ((each.fact.has_case_opened() || each.fact.has_case_reopened()) && !open) {
      cycles.push_back({each.occurred_at, std::nullopt});
    }
    if (each.fact.has_case_closed() && open) cycles.back().end = each.occurred_at;
  }
  return cycles;
}

// As of a moment; what is known first stands for what was before.
std::string WorkerAt(const std::vector<Counted>& record, Micros at) {
  std::optional<std::string> worker;
  for (const Counted& each : record) {
    std::string said;
    if (each.fact.has_case_opened()) {
      said = each.fact.case_opened().owner_worker_id();
    } else if (each.fact.has_owner_assigned()) {
      said = each.fact.owner_assigned().owner_worker_id();
    } else {
      continue;
    }
    if (!worker.has_value() || each.occurred_at <= at) worker = said;
  }
  return worker.value_or("");
}

class Centre {
 public:
  explicit Centre(uint64_t seed) : random_(seed) {
    for (int i = 0; i < kCases; ++i) {
      const Fact opened = ParseFact("case_opened { owner_worker_id: '" + Worker() + "' }");
      const Micros at = At("2023-09-01") + static_cast<Micros>(Any(30)) * kDay;
      Write({RECORD_KIND_CASE_RECORD, absl::StrCat("case", i), "", at, at, opened});
    }
  }

  void Live(int steps) {
    for (int i = 0; i < steps; ++i) Step();
  }
  const Ledger& ledger() const { return ledger_; }
  const std::vector<Written>& events() const { return events_; }
  size_t Any(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }

 private:
  Micros AnyTime() {
    // Often just at an edge of the period or of a day.
    const Micros edges[] = {At("2024-01-01"), At("2024-07-01"), At("2024-03-10")};
    if (Any(5) == 0) return edges[Any(3)] - static_cast<Micros>(Any(2)) * kMicrosPerSecond;
    return At("2023-10-01") + static_cast<Micros>(Any(330 * 24)) * kHour;
  }
  std::string Worker() { return Any(6) == 0 ? "" : absl::StrCat("nv-", Any(4)); }

  Fact AnyFact(RecordKind kind) {
    const auto text = [&](const std::string& of) { return ParseFact(of); };
    if (kind == RECORD_KIND_CONTACT) {
      return text(absl::StrCat("contact_ended { outcome: ", 1 + Any(4), " }"));
    }
    const std::string referral = absl::StrCat("referral_id: 'r", Any(3), "' ");
    switch (Any(10)) {
      case 0:
        return text("owner_assigned { owner_agency_id: 'a' owner_worker_id: '" + Worker() + "' }");
      case 1:
      case 2:
        return text("case_closed { reason: 'goals_met' }");
      case 3:
        return text("case_reopened { reason: 'x' }");
      case 4:
      case 5:
        return text("referral_sent { " + referral + "to_agency_id: 'b" + std::to_string(Any(2)) +
                    "' " + (Any(2) == 0 ? "" : ExpiresAt()) + "}");
      case 6:
        return text("referral_accepted { " + referral + "}");
      case 7:
        return text("referral_declined { " + referral + "reason: 'other' }");
      case 8:
        return text("referral_completed { " + referral + "}");
      default:
        return text("case_reopened { reason: 'y' }");
    }
  }
  std::string ExpiresAt() {
    return absl::StrCat("expire_time { seconds: ", AnyTime() / kMicrosPerSecond, " } ");
  }

  void Step() {
    const RecordKind kind = Any(3) == 0 ? RECORD_KIND_CONTACT : RECORD_KIND_CASE_RECORD;
    const std::string record =
        absl::StrCat(kind == RECORD_KIND_CONTACT ? "call" : "case", Any(kCases));
    Written event{kind, record, "", AnyTime(), 0, {}};
    event.recorded_at = event.occurred_at + static_cast<Micros>(Any(50)) * kDay - kHour;
    const Written* target = &events_[Any(events_.size())];
    // Openings stay as they are: whatever would come before them is refused.
    const bool fixed = target->fact.has_case_opened() || target->fact.has_event_voided() ||
                       target->fact.has_fact_corrected();
    const size_t what = fixed ? 9 : Any(10);
    if (what <= 1) {
      event.kind = target->kind;
      event.record = target->record;
      const std::string id = Id(target->event);
      if (what == 0) {
        event.fact.mutable_event_voided()->set_target_event_id(id);
      } else {
        auto& corrected = *event.fact.mutable_fact_corrected();
        corrected.set_target_event_id(id);
        do {
          *corrected.mutable_replacement() = AnyFact(event.kind);
        } while (corrected.replacement().kind_case() != target->fact.kind_case());
        if (Any(2) == 0) {
          corrected.mutable_replacement_occurred_time()->set_seconds(AnyTime() / kMicrosPerSecond);
        }
      }
    } else {
      event.fact = AnyFact(kind);
    }
    Write(std::move(event));
  }
  void Write(Written event) {
    ledger_.set_recorded_at(event.recorded_at);
    event.event = ledger_.Record(event.kind, event.record, event.occurred_at, event.fact);
    events_.push_back(std::move(event));
  }

  std::mt19937_64 random_;
  Ledger ledger_;
  std::vector<Written> events_;
};

// By hand, of what is known.
class ByHand {
 public:
  ByHand(const std::vector<Written>& events, size_t n) : records_(KnownAfter(events, n)) {}

  Figures Calls(const std::function<std::string(const Counted&)>& group) const {
    Figures figures;
    for (const auto& [name, record] : records_) {
      for (const Counted& each : record) {
        if (each.fact.has_contact_ended() && InPeriod(each.occurred_at)) ++figures[group(each)];
      }
    }
    return figures;
  }
  Figures Closures() const {
    Figures figures;
    for (const auto& [name, record] : records_) {
      for (const Cycle& cycle : CyclesOf(record)) {
        if (!cycle.end.has_value() || !InPeriod(*cycle.end)) continue;
        const Micros days = (*cycle.end - cycle.begin) / kDay;
        ++figures[days < 30 ? "0-29" : days < 90 ? "30-89" : days < 180 ? "90-179" : "180+"];
      }
    }
    return figures;
  }
  Figures CaseLoad() const {
    Figures figures;
    for (const auto& [name, record] : records_) {
      for (const Cycle& cycle : CyclesOf(record)) {
        if (cycle.begin >= To() || cycle.end.value_or(To()) < To()) continue;
        ++figures[WorkerAt(record, To() - 1)];
        break;  // the case once
      }
    }
    return figures;
  }
  Figures Answers() const {
    Figures figures;
    for (const auto& [name, record] : records_) {
      for (size_t i = 0; i < record.size(); ++i) {
        if (record[i].fact.has_referral_sent()) AddAnswer(record, i, figures);
      }
    }
    return figures;
  }

 private:
  static Micros From() { return At("2024-01-01"); }
  static Micros To() { return At("2024-07-01"); }
  static bool InPeriod(Micros time) { return From() <= time && time < To(); }

  static void AddAnswer(const std::vector<Counted>& record, size_t offer, Figures& figures) {
    const event::v1::ReferralSent& sent = record[offer].fact.referral_sent();
    std::optional<Micros> end;
    std::string by = "date";
    if (sent.has_expire_time()) end = sent.expire_time().seconds() * kMicrosPerSecond;
    for (size_t i = offer + 1; i < record.size(); ++i) {
      const Fact& fact = record[i].fact;
      const bool accepted = fact.referral_accepted().referral_id() == sent.referral_id();
      const bool declined = fact.referral_declined().referral_id() == sent.referral_id();
      if (!accepted && !declined) continue;
      if (!end.has_value() || record[i].occurred_at <= *end) {
        end = record[i].occurred_at;
        by = accepted ? "referral_accepted" : "referral_declined";
      }
      break;
    }
    if (!end.has_value() || *end < record[offer].occurred_at || !InPeriod(*end)) return;
    const Micros hours = (*end - record[offer].occurred_at) / kHour;
    ++figures[absl::StrCat(sent.to_agency_id(), "|", by, "|",
                           hours < 24   ? "<24"
                           : hours < 72 ? "24-71"
                                        : "72+")];
  }

  const std::map<std::string, std::vector<Counted>> records_;
};

std::string HourAndOutcome(const Counted& call) {
  const std::string code = event::v1::ContactOutcome_Name(call.fact.contact_ended().outcome());
  std::string outcome = code.substr(std::string("CONTACT_OUTCOME_").size());
  std::transform(outcome.begin(), outcome.end(), outcome.begin(), ::tolower);
  return absl::StrCat((call.occurred_at + kZone) / kHour % 24, "|", outcome);
}
std::string Delay(const Counted& call) {
  const Micros days = (call.recorded_at - call.occurred_at) / kDay;
  return days < 4 ? "0-3" : days < 6 ? "4-5" : days < 15 ? "6-14" : days < 31 ? "15-30" : "31+";
}

TEST(GroupsOfRandomHistories, AreWhatIsCountedByHand) {
  const uint64_t first_seed = std::random_device{}();
  std::printf("first seed %llu\n", static_cast<unsigned long long>(first_seed));
  size_t told = 0;
  for (uint64_t seed = first_seed; seed < first_seed + 60; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Centre centre(seed);
    centre.Live(120);
    for (const size_t n : {centre.events().size(), centre.Any(centre.events().size() + 1)}) {
      const ByHand by_hand(centre.events(), n);
      const auto expect = [&](const Figures& expected, const std::string& body) {
        const Groups groups = GroupsOf(centre.ledger(), body, n);
        EXPECT_EQ(Figures(groups.begin(), groups.end()), expected) << body << " as of " << n;
        told += groups.size();
      };
      expect(by_hand.Calls(HourAndOutcome),
             "fact: 'contact_ended' by { field: 'at.hour' } by { field: 'outcome' }");
      expect(by_hand.Calls(Delay),
             "fact: 'contact_ended' by { field: 'event.delay_days' edges: [0, 4, 6, 15, 31] }");
      expect(by_hand.Closures(),
             "fact: 'case_open' period: PERIOD_RULE_ENDED_IN_PERIOD "
             "by { field: 'span.days' edges: [0, 30, 90, 180] }");
      expect(by_hand.CaseLoad(),
             "fact: 'case_open' count: 'case' period: PERIOD_RULE_IN_FORCE_AT_PERIOD_END "
             "by { field: 'case.owner_worker_id' }");
      expect(by_hand.Answers(),
             "fact: 'referral_answer' period: PERIOD_RULE_ENDED_IN_PERIOD "
             "by { field: 'to_agency_id' } by { field: 'span.ended_by' } "
             "by { field: 'span.hours' edges: [24, 72] }");
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(told, 2000U) << "else the histories say too little";
}

}  // namespace
}  // namespace caseledger::projections
