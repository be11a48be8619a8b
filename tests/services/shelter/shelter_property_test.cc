// Random commands in random order of recording. What the shelter accepted is counted here anew,
// from the events alone and without the shelter's own arithmetic.
#include <algorithm>

#include "services/domain/shelter/shelter.h"
#include "tests/services/support/property.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::Record;
using testing::Time;

constexpr int kHours = 30;
constexpr int kPlacements = 5;

std::string AnyFact(int kind, int number, int hours) {
  const std::string key = absl::StrCat("placement_id: 'p", number, "' ");
  switch (kind) {
    case 0:
      return absl::StrCat("placement_requested { ", key, "case_id: 'k1' person_id: 'person", number,
                          "' ", number % 2 == 0 ? "" : "companion_person_ids: 'child'", " }");
    case 1:
      return absl::StrCat("placement_held { ", key, "expire_time",
                          Time(hours + *rc::gen::inRange(1, 12)), "}");
    case 2:
      return absl::StrCat("resident_admitted { ", key, "}");
    case 3:
      return absl::StrCat("resident_discharged { ", key, "}");
    case 4:
      return absl::StrCat("placement_cancelled { ", key, "}");
    case 5:
      return absl::StrCat("hold_expired { ", key, "}");
    default:
      return absl::StrCat("beds_changed { beds: ", *rc::gen::inRange(0, 5), " }");
  }
}

// A correction that only moves a recorded fact in time, or a void.
std::string AnyCorrection(const Timeline& timeline, int number, int hours) {
  const std::string target = absl::StrCat("target_event_id: 'e", number, "' ");
  const DomainEvent* event = timeline.Find(absl::StrCat("e", number));
  if (event == nullptr || *rc::gen::arbitrary<bool>()) {
    return absl::StrCat("event_voided { ", target, "}");
  }
  return absl::StrCat("fact_corrected { ", target, "replacement { ", event->fact->DebugString(),
                      " } replacement_occurred_time", Time(hours), "}");
}

// Opens a shelter, asks for all placements at once, and lets random things happen to them.
Record<ShelterState> RandomShelter() {
  Record<ShelterState> record("shelter", DecideShelter);
  RC_ASSERT(record.Try({-2, "shelter_registered { agency_id: 'ctxh-qn' beds: 3 }"}).ok());
  for (int number = 0; number < kPlacements; ++number) {
    RC_ASSERT(record.Try({-1, AnyFact(0, number, 0)}).ok());
  }
  const int commands = *rc::gen::inRange(0, 60);
  for (int i = 0; i < commands; ++i) {
    const int hours = *rc::gen::inRange(0, kHours);
    const int number = *rc::gen::inRange(0, kPlacements);
    const int kind = *rc::gen::inRange(1, 8);
    if (kind < 7) {
      (void)record.Try({static_cast<double>(hours), AnyFact(kind, number, hours)});
      continue;
    }
    const int target = *rc::gen::inRange(1, 40);
    const testing::Step step{kHours, AnyCorrection(record.timeline(), target, hours)};
    (void)record.Write(testing::FactFrom(step.fact), step);
  }
  return record;
}

struct Bed {
  uint32_t count = 0;
  Micros held_until = 0;
  bool resident = false;
};

// Plays the accepted events and asks after each of them, and at each full hour, how many beds are
// taken.
class Count {
 public:
  void Take(const DomainEvent& event) {
    const Fact& fact = *event.fact;
    switch (KindOf(fact)) {
      case Fact::kShelterRegistered:
        beds_ = fact.shelter_registered().beds();
        break;
      case Fact::kBedsChanged:
        beds_ = fact.beds_changed().beds();
        break;
      case Fact::kPlacementRequested:
        taken_[fact.placement_requested().placement_id()].count =
            1 + static_cast<uint32_t>(fact.placement_requested().companion_person_ids_size());
        break;
      case Fact::kPlacementHeld:
        taken_[fact.placement_held().placement_id()].held_until =
            ToMicros(fact.placement_held().expire_time());
        break;
      case Fact::kResidentAdmitted:
        taken_[fact.resident_admitted().placement_id()].resident = true;
        break;
      case Fact::kResidentDischarged:
        taken_.erase(fact.resident_discharged().placement_id());
        break;
      case Fact::kPlacementCancelled:
        taken_.erase(fact.placement_cancelled().placement_id());
        break;
      default:
        break;
    }
  }

  uint32_t beds() const { return beds_; }
  uint32_t TakenAt(Micros at) const {
    uint32_t taken = 0;
    for (const auto& [key, bed] : taken_) {
      if (bed.resident || at < bed.held_until) taken += bed.count;
    }
    return taken;
  }

 private:
  uint32_t beds_ = 0;
  std::map<std::string, Bed> taken_;
};

RC_GTEST_PROP(ShelterProperty, IsNeverOverbookedAtAnyInstant, ()) {
  const Record<ShelterState> record = RandomShelter();
  const std::vector<DomainEvent>& events = record.timeline().in_order();
  Count count;
  auto next = events.begin();
  for (int hour = -2; hour < kHours + 15; ++hour) {
    while (next != events.end() && next->occurred_at <= At(hour)) {
      count.Take(*next);
      RC_ASSERT(count.TakenAt(next->occurred_at) <= count.beds());
      ++next;
    }
    RC_ASSERT(count.TakenAt(At(hour)) <= count.beds());
    RC_ASSERT(count.TakenAt(At(hour)) == record.StateAt(hour).BedsTaken(At(hour)));
  }
  RC_ASSERT(next == events.end());
}

RC_GTEST_PROP(ShelterProperty, AcceptsSomethingToJudge, ()) {
  // A guard on the generator: with one placement at a time nothing stands in the way.
  Record<ShelterState> record("shelter", DecideShelter);
  RC_ASSERT(record.Try({-2, "shelter_registered { agency_id: 'ctxh-qn' beds: 3 }"}).ok());
  const int number = *rc::gen::inRange(0, kPlacements);
  const int hours = *rc::gen::inRange(0, kHours);
  for (const int kind : {0, 1, 2, 3}) {
    RC_ASSERT(record.Try({static_cast<double>(hours), AnyFact(kind, number, hours)}).ok());
  }
}

RC_GTEST_PROP(ShelterProperty, StateSurvivesItsBytes, ()) {
  const Record<ShelterState> record = RandomShelter();
  testing::ExpectRoundTrip(record.StateAt(*rc::gen::inRange(0, kHours)));
}

}  // namespace
}  // namespace caseledger::domain
