// Random facts in random order of recording.
#include "services/domain/person/person.h"
#include "tests/services/support/property.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::FactFrom;
using testing::Record;
using testing::Step;
using testing::Time;

std::string Quoted(const std::string& prefix, int number) {
  return absl::StrCat("'", prefix, number, "'");
}

std::string StayText(const char* kind, int shelter) {
  return absl::StrCat(kind, " { shelter_id: ", Quoted("s", shelter), " placement_id: 'p' }");
}

std::string AnyFact(int kind, int number, int hours) {
  switch (kind) {
    case 0:
      return StayText("stay_began", number);
    case 1:
      return StayText("stay_finished", number);
    case 2:
      return absl::StrCat("consent_given { consent_id: ", Quoted("c", number),
                          " purposes: 'sharing' given_by: 'guardian' representative_person_id: ",
                          Quoted("r", number), " expire_time", Time(hours + 10), "}");
    case 3:
      return absl::StrCat("consent_withdrawn { consent_id: ", Quoted("c", number), " }");
    case 4:
      return absl::StrCat(
          "representative_excluded { representative_person_id: ", Quoted("r", number), " }");
    case 5:
      return absl::StrCat(
          "representative_appointed { representative_person_id: ", Quoted("r", number), " }");
    case 6:
      return absl::StrCat("persons_merged { merged_person_id: ", Quoted("m", number), " }");
    default:
      return absl::StrCat("identifier_attached { identifier_id: ", Quoted("i", number), " }");
  }
}

Record<PersonState> Registered() {
  Record<PersonState> record("child", DecidePerson);
  RC_ASSERT(record.Try({-1, "person_registered { attributes { birth_year: 2014 } }"}).ok());
  return record;
}

RC_GTEST_PROP(PersonProperty, NeverHasTwoOpenStays, ()) {
  Record<PersonState> record = Registered();
  const int commands = *rc::gen::inRange(1, 40);
  for (int i = 0; i < commands; ++i) {
    const int hours = *rc::gen::inRange(0, 50);
    const Step step{static_cast<double>(hours),
                    AnyFact(*rc::gen::inRange(0, 2), *rc::gen::inRange(0, 3), hours)};
    (void)record.Write(FactFrom(step.fact), step);
  }
  int open = 0;
  for (const DomainEvent& event : record.timeline().in_order()) {
    if (event.fact->has_stay_began()) ++open;
    if (event.fact->has_stay_finished()) --open;
    RC_ASSERT(open == 0 || open == 1);
  }
}

RC_GTEST_PROP(PersonProperty, StateSurvivesItsBytes, ()) {
  Record<PersonState> record = Registered();
  const int commands = *rc::gen::inRange(0, 30);
  for (int i = 0; i < commands; ++i) {
    const int hours = *rc::gen::inRange(0, 50);
    (void)record.Try({static_cast<double>(hours),
                      AnyFact(*rc::gen::inRange(0, 8), *rc::gen::inRange(0, 4), hours)});
  }
  testing::ExpectRoundTrip(record.StateAt(60));
}

}  // namespace
}  // namespace caseledger::domain
