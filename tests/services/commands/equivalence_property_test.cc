// Whatever is cached or restored from snapshots, the answers and the log are the same to the byte.
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/person/person.h"
#include "services/domain/shelter/shelter.h"
#include "tests/services/commands/centre.h"
#include "tests/services/support/property.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

constexpr int kCase = 100;
constexpr int kShelter = 200;
constexpr int kPersons = 4;

struct Step {
  int kind = 0;
  int hour = 0;
  int person = 1;
  int other = 1;
  int target = 0;  // which of the events so far
};

void showValue(const Step& step, std::ostream& out) {
  out << "{kind " << step.kind << " hour " << step.hour << " person " << step.person << " other "
      << step.other << " target " << step.target << "}";
}

std::string P(int number) { return "'" + Id(number) + "'"; }

// Fact and record of a step that is no correction.
std::pair<std::string, std::string> FactOf(const Step& step) {
  const std::string key = absl::StrCat("'p", step.person, "'");
  switch (step.kind) {
    case 0:
      return {
          Id(kShelter),
          absl::StrCat("placement_requested { placement_id: ", key, " case_id: ", P(kCase),
                       " person_id: ", P(step.person),
                       step.other != step.person ? " companion_person_ids: " + P(step.other) : "",
                       " }")};
    case 1:
      return {Id(kShelter), absl::StrCat("resident_admitted { placement_id: ", key, " }")};
    case 2:
      return {Id(kShelter), absl::StrCat("resident_discharged { placement_id: ", key,
                                         " destination: 'relatives' }")};
    case 3:
      return {Id(step.person),
              absl::StrCat("persons_merged { merged_person_id: ", P(step.other), " }")};
    case 4:
      return {Id(step.person),
              absl::StrCat("merge_reversed { merged_person_id: ", P(step.other), " }")};
    case 5:
      return {Id(kCase), absl::StrCat("participant_removed { person_id: ", P(step.person), " }")};
    case 6:
      return {Id(kCase), absl::StrCat("participant_added { person_id: ", P(step.person),
                                      " role: PARTICIPANT_ROLE_CLIENT }")};
    case 7:
      return {Id(kCase), "case_closed { reason: 'goals_met' override_reason: 'x' }"};
    case 8:
      return {Id(kCase), "case_reopened { reason: 'again' }"};
    default:
      return {Id(kShelter), absl::StrCat("beds_changed { beds: ", step.other, " }")};
  }
}

rc::Gen<Step> AStep() {
  using rc::gen::inRange;
  return rc::gen::build<Step>(rc::gen::set(&Step::kind, inRange(0, 14)),
                              rc::gen::set(&Step::hour, inRange(2, 30)),
                              rc::gen::set(&Step::person, inRange(1, kPersons + 1)),
                              rc::gen::set(&Step::other, inRange(1, kPersons + 1)),
                              rc::gen::set(&Step::target, inRange(0, 1000)));
}

std::unique_ptr<Centre> Prepared(size_t max_records, bool snapshots) {
  CentreOptions options;
  options.max_records = max_records;
  options.snapshots = snapshots;
  options.trail = false;
  auto centre = std::make_unique<Centre>(options);
  centre->RegisterAgencies();
  std::vector<int> persons;
  for (int person = 1; person <= kPersons; ++person) {
    centre->RegisterPerson(person);
    persons.push_back(person);
  }
  centre->OpenCase(kCase, persons);
  centre->RegisterShelter(kShelter, 3);
  // Long enough for snapshots of the case and the shelter.
  std::vector<std::future<Centre::Result>> answers;
  for (int i = 0; i < 130; ++i) {
    for (const auto& [record, fact] : {std::pair(kCase, "risk_assessed { risk: RISK_LOW }"),
                                       std::pair(kShelter, "beds_changed { beds: 3 }")}) {
      answers.push_back(centre->Start(centre->Command(Id(record), 2, fact), Supervisor()));
    }
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get().ok());
  return centre;
}

// The event of the ledger that a step corrects or voids.
v1::Command CorrectionFor(Centre& centre, const Step& step) {
  const auto target =
      (*centre.log().ReadLedger(static_cast<uint64_t>(step.target) % centre.size(), 1))[0];
  v1::Command command =
      centre.Command(target.stream.id.ToString(), 500, "event_voided { reason: 'x' }");
  command.set_record_kind(static_cast<RecordKind>(target.stream.kind));
  event::v1::Fact fact;
  fact.ParseFromString(target.fact);
  if (step.kind % 2 == 0 || fact.has_fact_corrected() || fact.has_event_voided()) {
    command.mutable_fact()->mutable_event_voided()->set_target_event_id(target.event_id.ToString());
    return command;
  }
  if (fact.has_resident_admitted()) {
    fact.mutable_resident_admitted()->clear_case_id();
    fact.mutable_resident_admitted()->clear_person_id();
    fact.mutable_resident_admitted()->clear_companion_person_ids();
  }
  if (fact.has_persons_merged()) fact.mutable_persons_merged()->clear_survivor_person_id();
  if (fact.has_merge_reversed()) fact.mutable_merge_reversed()->clear_survivor_person_id();
  event::v1::FactCorrected& corrected = *command.mutable_fact()->mutable_fact_corrected();
  corrected.set_reason("x");
  corrected.set_target_event_id(target.event_id.ToString());
  *corrected.mutable_replacement() = fact;
  *corrected.mutable_replacement_occurred_time() = commands::ToTimestamp(AtHour(step.hour));
  return command;
}

// Mirrors agree: a stay that a shelter has open is open for each of its persons, and no other is.
void CheckMirrors(Centre& centre) {
  std::map<std::string, std::string> open;  // person -> placement
  const auto shelter = domain::FoldAll<domain::ShelterState>(
      centre.History(RecordKind::RECORD_KIND_SHELTER, Id(kShelter)).in_order());
  for (const auto& [key, placement] : shelter.placements) {
    if (placement.phase != domain::PlacementPhase::kAdmitted) continue;
    open[placement.person_id] = key;
    for (const std::string& companion : placement.companion_person_ids) open[companion] = key;
  }
  for (int person = 1; person <= kPersons; ++person) {
    const auto state = domain::FoldAll<domain::PersonState>(
        centre.History(RecordKind::RECORD_KIND_PERSON, Id(person)).in_order());
    RC_ASSERT(state.open_stay.has_value() == open.contains(Id(person)));
    if (state.open_stay.has_value()) RC_ASSERT(state.open_stay->placement_id == open[Id(person)]);
    // Else a human with two records could stay in two shelters.
    if (state.merged_into.has_value()) RC_ASSERT(!state.open_stay.has_value());
    for (const std::string& merged : state.merged_person_ids) {
      const auto other = domain::FoldAll<domain::PersonState>(
          centre.History(RecordKind::RECORD_KIND_PERSON, merged).in_order());
      RC_ASSERT(other.merged_into == std::optional<std::string>(Id(person)));
    }
  }
}

RC_GTEST_PROP(Equivalence, CachesAndSnapshotsChangeNoAnswerAndNoEvent, ()) {
  std::vector<std::unique_ptr<Centre>> centres;
  centres.push_back(Prepared(1, false));
  centres.push_back(Prepared(2, true));
  centres.push_back(Prepared(1000, false));
  centres.push_back(Prepared(1000, true));
  const auto steps = *rc::gen::container<std::vector<Step>>(AStep());
  int accepted = 0;
  for (const Step& step : steps) {
    std::vector<std::string> answers;
    for (const auto& centre : centres) {
      if (step.kind == 13) {
        centre->Reopen();
        continue;
      }
      const auto [record, fact] = FactOf(step);
      const v1::Command command =
          step.kind >= 10 ? CorrectionFor(*centre, step) : centre->Command(record, step.hour, fact);
      const auto result = centre->Send(command, Supervisor());
      RC_ASSERT(!absl::IsInternal(result.status()));
      if (result.ok()) ++accepted;
      answers.push_back(result.ok() ? result->SerializeAsString()
                                    : std::string(result.status().message()));
    }
    for (const std::string& answer : answers) RC_ASSERT(answer == answers.front());
  }
  RC_TAG(accepted > 0 ? "accepted something" : "accepted nothing");
  for (const auto& centre : centres) {
    RC_ASSERT(centre->log().Head().last_leaf_hash == centres[0]->log().Head().last_leaf_hash);
  }
  CheckMirrors(*centres[0]);
}

}  // namespace
}  // namespace caseledger::testing
