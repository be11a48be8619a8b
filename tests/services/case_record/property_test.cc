// Random commands, corrections and voids, in and out of time order: whatever is accepted leaves a
// history without a rule broken. RapidCheck prints its seed; repeat with RC_PARAMS="seed=...".
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <iostream>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "services/domain/archive.h"
#include "tests/services/case_record/case_under_test.h"
#include "tests/services/case_record/history_oracle.h"

namespace caseledger::testing {
namespace {

using domain::CaseState;
using domain::DomainEvent;

constexpr int kKinds = 28;  // of facts that FactText knows

// One random attempt. Few keys, persons and hours, so that facts meet.
struct Attempt {
  int way = 0;  // 0: correct an event, 1: void one, else a new fact
  int kind = 0;
  int key = 0;
  int hour = 0;
  int length = 0;  // hours of what has an end
  int target = 0;  // event to correct or void
};

void showValue(const Attempt& attempt, std::ostream& out) {
  out << "{way " << attempt.way << ", kind " << attempt.kind << ", key " << attempt.key << ", hour "
      << attempt.hour << ", length " << attempt.length << ", target e" << attempt.target << "}";
}

// At full size from the first run on: RapidCheck's small early ranges would only try opening.
rc::Gen<std::vector<Attempt>> Attempts(size_t count) {
  const auto attempt =
      rc::gen::build<Attempt>(rc::gen::set(&Attempt::way, rc::gen::inRange(0, 12)),
                              rc::gen::set(&Attempt::kind, rc::gen::inRange(0, kKinds)),
                              rc::gen::set(&Attempt::key, rc::gen::inRange(0, 2)),
                              rc::gen::set(&Attempt::hour, rc::gen::inRange(0, 40)),
                              rc::gen::set(&Attempt::length, rc::gen::inRange(1, 30)),
                              rc::gen::set(&Attempt::target, rc::gen::inRange(1, 40)));
  return rc::gen::resize(rc::kNominalSize,
                         rc::gen::container<std::vector<Attempt>>(count, attempt));
}

std::string FactText(const Attempt& attempt) {
  const std::string key(1, static_cast<char>('a' + attempt.key));
  const double from = attempt.hour;
  const double to = from + attempt.length;
  const std::vector<std::function<std::string()>> texts = {
      [&] { return kOpened; },
      [&] { return kClosed; },
      [&] { return attempt.length < 9 ? kOverridden : kReopened; },  // or little else would happen
      [&] { return kReopened; },
      [&] { return kAddMai; },
      [&] { return kRemoveMai; },
      [&] { return Service(key + std::to_string(attempt.length)); },
      [&] { return Screened(key); },
      [&] { return Enrolled(key); },
      [&] { return Session(key, std::to_string(attempt.length)); },
      [&] { return TherapyEnds(key); },
      [&] { return Emergency(key); },
      [&] { return EmergencyEnds(key); },
      [&] { return Ban(key, from, to); },
      [&] { return BanExtended(key, to); },
      [&] { return BanLifted(key); },
      [&] { return StayOpens(key); },
      [&] { return StayCloses(key); },
      [&] { return Sent(key, attempt.length < 10 ? TimeField("expire_time", to) : ""); },
      [&] { return Accepted(key); },
      [&] { return Completed(key); },
      [&] { return Expired(key); },
      [&] { return Forwarded(key, "C", attempt.length < 15 ? "a" : key + "2"); },
      [&] { return Drafted(key); },
      [&] { return Approved(key); },
      [&] { return TransferRequested(key); },
      [&] { return attempt.length < 8 ? ConsentLost(key) : Accepted(key); },
      [&] { return "transfer_revoked { transfer_id: '" + key + "' }"; },
  };
  return texts.at(static_cast<size_t>(attempt.kind))();
}

// Imported, so that who asks does not stand in the way of what is to be tested.
CaseUnderTest AnyCase() {
  CaseUnderTest record = OpenCase();
  record.imported = true;
  return record;
}

absl::Status Make(const Attempt& attempt, CaseUnderTest& record) {
  record.caller.actor = attempt.length % 2 == 0 ? "an" : "binh";
  const std::string target = absl::StrCat("e", attempt.target);
  if (attempt.way == 1) return record.Void(target);
  if (attempt.way != 0) return record.Try(attempt.hour, FactText(attempt));
  const DomainEvent* event = record.timeline().Find(target);
  if (event == nullptr) return absl::NotFoundError(target);
  return record.Correct(target, domain::Fact(*event->fact), attempt.hour);
}

std::string Bytes(CaseState state) { return domain::Save(state); }

// What Check says of each fact of an accepted history.
std::vector<std::string> FailingChecks(const std::vector<DomainEvent>& in_order) {
  std::vector<std::string> failing;
  CaseState state;
  for (const DomainEvent& event : in_order) {
    const absl::Status status = state.Check(event);
    if (!status.ok()) failing.push_back(absl::StrCat(event.event_id, " ", status.ToString()));
    state.Apply(event);
  }
  return failing;
}

TEST(CasePropertyTest, AcceptedHistoriesBreakNoRule) {
  std::map<int, int> accepted;  // new facts by kind
  int accepted_changes = 0;
  const bool held = rc::check("accepted histories break no rule", [&] {
    const auto attempts = *Attempts(250);
    CaseUnderTest record = AnyCase();
    for (const Attempt& attempt : attempts) {
      if (!Make(attempt, record).ok()) continue;
      attempt.way <= 1 ? ++accepted_changes : ++accepted[attempt.kind];
    }
    RC_ASSERT(HistoryOracle::Violations(record.in_order()) == std::vector<std::string>{});
    RC_ASSERT(FailingChecks(record.in_order()) == std::vector<std::string>{});
  });
  EXPECT_TRUE(held);
  std::cerr << accepted_changes << " corrections and voids accepted\n";
  EXPECT_GT(accepted_changes, 50) << "too few to say anything";
  std::cerr << "new facts by kind:";
  for (const auto& [kind, count] : accepted) std::cerr << " " << kind << ":" << count;
  std::cerr << "\n";
  for (int kind = 1; kind < kKinds; ++kind) {  // 0 opens what is open
    EXPECT_GT(accepted[kind], 0) << "too few to say anything of kind " << kind;
  }
}

TEST(CasePropertyTest, SnapshotInTheMiddleChangesNothing) {
  EXPECT_TRUE(rc::check("restore, then apply the rest", [] {
    const auto attempts = *Attempts(40);
    CaseUnderTest record = AnyCase();
    for (const Attempt& attempt : attempts) (void)Make(attempt, record);
    const std::vector<DomainEvent>& events = record.in_order();
    const size_t cut = *rc::gen::inRange<size_t>(0, events.size() + 1);
    CaseState state;
    for (size_t i = 0; i < cut; ++i) state.Apply(events[i]);
    auto restored = domain::Restore<CaseState>(domain::Save(state));
    RC_ASSERT(restored.has_value());
    for (size_t i = cut; i < events.size(); ++i) restored->Apply(events[i]);
    RC_ASSERT(Bytes(*restored) == Bytes(record.state()));
  }));
}

TEST(CasePropertyTest, InOrderTheIncrementalStateEqualsTheFold) {
  EXPECT_TRUE(rc::check("incremental equals fold", [] {
    auto attempts = *Attempts(60);
    CaseUnderTest record = AnyCase();
    CaseState incremental = record.state();
    int hour = 0;
    for (Attempt& attempt : attempts) {
      attempt.way = 2;  // new facts only, each at or after the one before
      attempt.hour = hour += attempt.hour % 3;
      if (Make(attempt, record).ok()) incremental.Apply(record.in_order().back());
    }
    RC_ASSERT(Bytes(incremental) == Bytes(record.state()));
  }));
}

TEST(CasePropertyTest, FactsThatWouldBeRefusedAreFoldedWithoutHarm) {
  EXPECT_TRUE(rc::check("apply never refuses", [] {
    const auto attempts = *Attempts(60);
    CaseState state;
    DomainEvent event;
    for (const Attempt& attempt : attempts) {
      event.occurred_at = AtHour(attempt.hour);
      event.fact = std::make_shared<const domain::Fact>(FactOf(FactText(attempt)));
      (void)state.Check(event);
      (void)domain::ClosureBlockers(state, event.occurred_at);
      state.Apply(event);
    }
    const auto restored = domain::Restore<CaseState>(domain::Save(state));
    RC_ASSERT(restored.has_value());
    RC_ASSERT(Bytes(*restored) == Bytes(state));
  }));
}

}  // namespace
}  // namespace caseledger::testing
