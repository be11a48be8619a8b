// Random merges, erasures, holds and facts of several persons and cases, entered in any order and
// at any time: told by the log alone, nobody is erased while a case that names them is held, and
// nothing personal follows an erasure.
#include <map>
#include <memory>
#include <set>
#include <string>

#include "services/domain/person/person.h"
#include "tests/services/commands/centre.h"
#include "tests/services/commands/person_keys.h"
#include "tests/services/support/property.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using domain::DomainEvent;
using domain::Fact;

constexpr int kPersons = 4;
constexpr int kFirstCase = 100;
constexpr int kCases = 3;  // case i names the persons i and i + 1
constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;

// At full size from the first run on: RapidCheck's small early ranges would only try the first
// persons.
int Any(int from, int to) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to)); }

class RandomHistory {
 public:
  RandomHistory() {
    centre_.RegisterAgencies();
    for (int person = 1; person <= kPersons; ++person) centre_.RegisterPerson(person);
    for (int i = 0; i < kCases; ++i) {
      centre_.OpenCase(kFirstCase + i, {i + 1, i + 2});
      centre_.Given(Id(kFirstCase + i), 2, "case_closed { reason: 'goals_met' }", Supervisor());
    }
  }

  void Step() {
    const std::string person = Id(Any(1, kPersons + 1));
    const std::string record = Id(kFirstCase + Any(0, kCases));
    const double hour = 3 + Any(0, 40);
    switch (Any(0, 12)) {
      case 0:
        return Try(
            person, hour,
            absl::StrCat("persons_merged { merged_person_id: '", Id(Any(1, kPersons + 1)), "' }"),
            Supervisor());
      case 1:
        return Try(
            person, hour,
            absl::StrCat("merge_reversed { merged_person_id: '", Id(Any(1, kPersons + 1)), "' }"),
            Supervisor());
      case 2:
        return Try(record, hour,
                   absl::StrCat("legal_hold_placed { hold_id: 'h", Any(0, 4),
                                "' basis: 'court' document_number: '1' }"),
                   LegalOfficer());
      case 3:
      case 4:
        return Try(
            record, hour,
            absl::StrCat("legal_hold_lifted { hold_id: 'h", Any(0, 4), "' document_number: '2' }"),
            LegalOfficer());
      case 5:
        return Try(person, hour, "person_amended { attributes { sex: 'female' } }", Worker());
      case 6:
        return Try(person, hour,
                   absl::StrCat("identifier_attached { identifier_id: 'i", Any(0, 9),
                                "' identifier_kind: 'passport' private_part { number: '1' } }"),
                   Worker());
      case 7:
        return VoidAny(person);
      case 8:
        return Try(record, hour,
                   absl::StrCat("participant_added { person_id: '", person,
                                "' role: PARTICIPANT_ROLE_CLIENT }"),
                   Worker());
      default:
        return GoOnErasing(person, hour);
    }
  }

  Centre& centre() { return centre_; }

 private:
  void Try(const std::string& record, double hour, const std::string& fact, const Caller& caller) {
    RC_ASSERT(!absl::IsInternal(centre_.Try(record, hour, fact, caller).status()));
  }
  void VoidAny(const std::string& person) {
    const auto events = centre_.Stream(kPersonKind, person);
    const auto& target = events[static_cast<size_t>(Any(0, static_cast<int>(events.size())))];
    const Caller officer = PrivacyOfficer();
    for (const Caller& caller : {Worker(), officer}) {
      RC_ASSERT(!absl::IsInternal(
          centre_.Void(kPersonKind, person, target.event_id.ToString(), caller).status()));
    }
  }
  // The next step of the person's erasure, most often.
  void GoOnErasing(const std::string& person, double hour) {
    const domain::Timeline history = centre_.History(kPersonKind, person);
    domain::PersonState state = domain::FoldAll<domain::PersonState>(history.in_order());
    const bool random_time = Any(0, 8) == 0;
    if (!random_time) hour = 50 + 0.1 * static_cast<double>(steps_++);
    if (!state.erasure.IsUnderWay()) {
      const std::string asked = absl::StrCat("request_id: 'k", steps_++, "'");
      Try(person, hour,
          "data_request_received { " + asked +
              " request_kind: 'erasure' asked_by: 'self' channel: 'letter' }",
          Worker());
      return Try(person, hour, "erasure_decided { " + asked + " }", PrivacyOfficer());
    }
    const std::string key = absl::StrCat(" { request_id: '", state.erasure.key, "' }");
    if (!state.erasure.approved) {
      return Try(person, hour, "erasure_approved" + key, PrivacyOfficer("second"));
    }
    Try(person, hour, "person_erased" + key, PrivacyOfficer());
  }

  const std::shared_ptr<PersonKeys> keys_ = std::make_shared<PersonKeys>();
  Centre centre_{CentreOptions{.trail = false,
                               .erasure_keys = [keys = keys_] { return PersonKeys::Share(keys); }}};
  int steps_ = 0;
};

// Reads the log event by event, without the code that decides.
class Oracle {
 public:
  void Add(const eventstore::RecordedEvent& recorded) {
    const DomainEvent event = *commands::ToDomainEvent(recorded);
    const Fact& fact = *event.fact;
    const std::string id = recorded.stream.id.ToString();
    if (fact.has_participant_added()) named_[id].insert(fact.participant_added().person_id());
    if (fact.has_person_erased()) {
      ++erasures_;
      CheckNotHeld(id);
      if (fact.person_erased().decided_on_person_id().empty()) CheckCoversMerged(id);
    } else if (erased_.contains(id)) {
      RC_ASSERT(fact.has_event_voided() || fact.has_merge_reversed());
    }
    RC_ASSERT(!fact.has_participant_added() ||
              !erased_.contains(fact.participant_added().person_id()));
    if (fact.has_person_erased()) erased_.insert(id);
    timelines_[id].Add(event);
  }
  void CheckAllFenced() const {
    for (const std::string& merged : to_be_fenced_) RC_ASSERT(erased_.contains(merged));
  }
  int erasures() const { return erasures_; }

 private:
  void CheckNotHeld(const std::string& person) {
    for (const auto& [record, persons] : named_) {
      if (!persons.contains(person)) continue;
      std::set<std::string> in_force;
      for (const DomainEvent& event : timelines_[record].in_order()) {
        in_force.insert(event.fact->legal_hold_placed().hold_id());
        in_force.erase(event.fact->legal_hold_lifted().hold_id());
      }
      in_force.erase("");
      RC_ASSERT(in_force.empty());
    }
  }
  void CheckCoversMerged(const std::string& person) {
    std::set<std::string> merged;
    for (const DomainEvent& event : timelines_[person].in_order()) {
      merged.insert(event.fact->persons_merged().merged_person_id());
      merged.erase(event.fact->merge_reversed().merged_person_id());
    }
    merged.erase("");
    merged.erase(person);  // it was merged away itself once
    to_be_fenced_.insert(merged.begin(), merged.end());
  }

  std::map<std::string, domain::Timeline> timelines_;
  std::map<std::string, std::set<std::string>> named_;  // by case
  std::set<std::string> erased_;
  std::set<std::string> to_be_fenced_;
  int erasures_ = 0;
};

RC_GTEST_PROP(ErasureProperty, NothingHeldIsErasedAndNothingPersonalFollows, ()) {
  RandomHistory history;
  const int steps = Any(40, 160);
  for (int i = 0; i < steps; ++i) history.Step();
  Oracle oracle;
  const auto events = *history.centre().log().ReadLedger(0, 100'000);
  for (const auto& event : events) oracle.Add(event);
  oracle.CheckAllFenced();
  RC_TAG(oracle.erasures());
}

}  // namespace
}  // namespace caseledger::testing
