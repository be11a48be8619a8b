#include "projections/report_facts/records.h"

#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/report_facts/countable.h"
#include "projections/report_facts/moments.h"
#include "projections/report_facts/spans.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using options::v1::RecordKind;
using TimelinePtr = std::shared_ptr<const Timeline>;

constexpr int kMaxMergeChain = 64;

std::optional<eventstore::StreamId> StreamOf(RecordKind kind, const std::string& id) {
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (!uuid.has_value()) return std::nullopt;
  return eventstore::StreamId{static_cast<uint32_t>(kind), *uuid};
}

// A timeline, empty when the id names no record.
absl::StatusOr<TimelinePtr> TimelineOf(FactsAsOf& facts, RecordKind kind, const std::string& id) {
  const std::optional<eventstore::StreamId> stream = StreamOf(kind, id);
  if (!stream.has_value()) return TimelinePtr(std::make_shared<Timeline>());
  return facts.TimelineOf(*stream);
}

// The fact that began what `fact` goes on with; nullptr when there is none.
const FactInForce* FindStart(const Timeline& timeline, const Fact& fact) {
  const StartRule* rule = FindStartRule(static_cast<int>(fact.kind_case()));
  if (rule == nullptr) return nullptr;
  std::string key = ReadString(Body(fact), rule->key_field);
  // A referral passed on goes on under a new key; each step back is an earlier fact.
  for (size_t steps = timeline.facts.size() + 1; steps > 0; --steps) {
    const FactInForce* passed_on = nullptr;
    for (const FactInForce& candidate : timeline.facts) {
      if (candidate.kind() == rule->started_by &&
          ReadString(Body(candidate.fact), rule->key_field) == key) {
        return &candidate;
      }
      if (candidate.fact.has_referral_forwarded() && rule->started_by == Fact::kReferralSent &&
          candidate.fact.referral_forwarded().new_referral_id() == key) {
        passed_on = &candidate;
      }
    }
    if (passed_on == nullptr) return nullptr;
    key = passed_on->fact.referral_forwarded().referral_id();
  }
  return nullptr;
}

const std::vector<const google::protobuf::FieldDescriptor*>* PathIn(
    const RecordAttribute& attribute, int kind) {
  for (const RecordAttribute::Source& source : attribute.sources) {
    if (source.fact == kind) return &source.path;
  }
  return nullptr;
}

// The fact that decides the attribute, and whether it was known at `at` or became known later only.
struct Decisive {
  const FactInForce* fact = nullptr;
  bool known_then = false;
};

Decisive FindDecisive(const RecordAttribute& attribute, const Timeline& timeline, Micros at) {
  Decisive found;
  for (const FactInForce& fact : timeline.facts) {
    if (PathIn(attribute, fact.kind()) == nullptr) continue;
    const bool then = !attribute.at_fact || fact.occurred_at <= at;
    if (!then && found.fact != nullptr) break;
    found = {&fact, then};
  }
  return found;
}

std::vector<std::string> ReadDecisive(const RecordAttribute& attribute, const Decisive& decisive) {
  if (decisive.fact == nullptr) return {};
  return ReadValues(Body(decisive.fact->fact), *PathIn(attribute, decisive.fact->kind()));
}

RecordKind KindOfScope(Scope scope) {
  switch (scope) {
    case Scope::kContact:
      return options::v1::RECORD_KIND_CONTACT;
    case Scope::kCase:
      return options::v1::RECORD_KIND_CASE_RECORD;
    case Scope::kProgramme:
      return options::v1::RECORD_KIND_PROGRAMME;
    case Scope::kShelter:
      return options::v1::RECORD_KIND_SHELTER;
    case Scope::kPerson:
    case Scope::kFact:
    case Scope::kStart:
    case Scope::kEvent:
    case Scope::kMoment:
    case Scope::kSpan:
      return options::v1::RECORD_KIND_PERSON;
  }
  return options::v1::RECORD_KIND_UNSPECIFIED;
}

// Cases the contact is linked to now.
std::set<std::string> LinkedCases(const Timeline& contact) {
  std::set<std::string> cases;
  for (const FactInForce& fact : contact.facts) {
    if (fact.fact.has_contact_linked_to_case()) {
      cases.insert(fact.fact.contact_linked_to_case().case_id());
    } else if (fact.fact.has_contact_unlinked()) {
      cases.erase(fact.fact.contact_unlinked().case_id());
    }
  }
  return cases;
}

// The id that the fact, or the fact it goes on with, carries in `field`.
std::set<std::string> IdInFact(const Subject& subject, const char* field) {
  std::string id = ReadString(Body(subject.fact->fact), field);
  if (id.empty()) {
    const FactInForce* start = FindStart(*subject.timeline, subject.fact->fact);
    if (start != nullptr) id = ReadString(Body(start->fact), field);
  }
  if (id.empty()) return {};
  return {id};
}

}  // namespace

absl::StatusOr<Records::Texts> Records::Values(const FieldPath& path, const Subject& subject) {
  switch (path.special) {
    case FieldPath::Special::kAge:
      return AgeOf(subject);
    case FieldPath::Special::kRole:
      return RolesOf(subject);
    case FieldPath::Special::kVictimStatus:
      return VictimStatusOf(subject);
    case FieldPath::Special::kAgency:
      return subject.fact->agency.empty() ? Texts{} : Texts{subject.fact->agency};
    case FieldPath::Special::kNone:
      break;
    case FieldPath::Special::kDelayDays:
    case FieldPath::Special::kHour:
    case FieldPath::Special::kWeekday:
    case FieldPath::Special::kDate:
    case FieldPath::Special::kMonth:
    case FieldPath::Special::kSpanHours:
    case FieldPath::Special::kSpanDays:
    case FieldPath::Special::kSpanEnd:
      return MomentValues(path.special, subject, zone_);
  }
  if (path.scope == Scope::kFact) return FactValues(path, subject);
  if (path.scope == Scope::kStart) return StartValues(path, subject);
  if (path.scope == Scope::kPerson) return PersonValues(*path.attribute, subject);
  return RecordValues(*path.attribute, subject);
}

absl::StatusOr<Records::Texts> Records::FactValues(const FieldPath& path, const Subject& subject) {
  Texts values = ReadValues(Body(subject.fact->fact), path.path);
  if (!values.empty() || path.path.back()->name() != "provider_agency_id") return values;
  // Nobody named: the owner of the case gave the service.
  const CountedFact counted{"", subject.fact->kind(), Body(subject.fact->fact).GetDescriptor(),
                            nullptr};
  ASSIGN_OR_RETURN(const FieldPath owner, FindPath(counted, "case.owner_agency_id"));
  return Values(owner, subject);
}

absl::StatusOr<Records::Texts> Records::StartValues(const FieldPath& path, const Subject& subject) {
  const FactInForce* start = FindStart(*subject.timeline, subject.fact->fact);
  if (start == nullptr) return Texts{};
  return ReadValues(Body(start->fact), path.path);
}

absl::StatusOr<Records::Texts> Records::RecordValues(const RecordAttribute& attribute,
                                                     const Subject& subject) {
  Texts values;
  ASSIGN_OR_RETURN(const std::set<std::string> records, RecordsOf(attribute.scope, subject));
  for (const std::string& record : records) {
    ASSIGN_OR_RETURN(const TimelinePtr timeline,
                     TimelineOf(facts_, KindOfScope(attribute.scope), record));
    const Decisive decisive = FindDecisive(attribute, *timeline, subject.at);
    for (std::string& value : ReadDecisive(attribute, decisive)) {
      values.push_back(std::move(value));
    }
  }
  return values;
}

// The survivor's record decides when it said something by then; else the record the fact names;
// else what either learned first.
absl::StatusOr<Records::Texts> Records::PersonValues(const RecordAttribute& attribute,
                                                     const Subject& subject) {
  const RecordKind kind = options::v1::RECORD_KIND_PERSON;
  ASSIGN_OR_RETURN(const TimelinePtr survivor, TimelineOf(facts_, kind, subject.survivor));
  const Decisive of_survivor = FindDecisive(attribute, *survivor, subject.at);
  if (of_survivor.known_then || subject.survivor == subject.person) {
    return ReadDecisive(attribute, of_survivor);
  }
  ASSIGN_OR_RETURN(const TimelinePtr named, TimelineOf(facts_, kind, subject.person));
  const Decisive of_named = FindDecisive(attribute, *named, subject.at);
  const bool take_named = of_named.known_then || of_survivor.fact == nullptr;
  return ReadDecisive(attribute, take_named ? of_named : of_survivor);
}

// Whole years between the year of birth and the year of the fact: the birthday is not known.
absl::StatusOr<Records::Texts> Records::AgeOf(const Subject& subject) {
  ASSIGN_OR_RETURN(const CountedFact any, FindCountedFact("person_registered"));
  ASSIGN_OR_RETURN(const FieldPath birth_year, FindPath(any, "person.birth_year"));
  ASSIGN_OR_RETURN(const Texts years, Values(birth_year, subject));
  if (years.empty()) return Texts{};
  int64_t born = 0;
  std::from_chars(years[0].data(), years[0].data() + years[0].size(), born);
  const int64_t year = zone_.At(absl::FromUnixMicros(subject.at)).cs.year();
  if (year < born) return Texts{};
  return Texts{std::to_string(year - born)};
}

absl::StatusOr<bool> Records::IsSamePerson(const std::string& person_id, const Subject& subject) {
  if (person_id == subject.person) return true;
  ASSIGN_OR_RETURN(const std::string survivor, Survivor(person_id));
  return survivor == subject.survivor;
}

// What the person is in the fact's case then; before the first role, that one.
absl::StatusOr<Records::Texts> Records::RolesOf(const Subject& subject) {
  std::set<std::string> roles;
  ASSIGN_OR_RETURN(const std::set<std::string> cases, CasesOf(subject));
  for (const std::string& record : cases) {
    ASSIGN_OR_RETURN(const TimelinePtr timeline,
                     TimelineOf(facts_, options::v1::RECORD_KIND_CASE_RECORD, record));
    std::map<std::string, std::string> role_of;  // by person id; "" since removed
    for (const FactInForce& fact : timeline->facts) {
      const bool then = fact.occurred_at <= subject.at;
      const auto set = [&](const std::string& person, int role) {
        if (!then && role_of.contains(person)) return;
        role_of[person] = EnumCode(*event::v1::ParticipantRole_descriptor(), role);
      };
      if (fact.fact.has_participant_added()) {
        set(fact.fact.participant_added().person_id(), fact.fact.participant_added().role());
      } else if (fact.fact.has_participant_role_changed()) {
        set(fact.fact.participant_role_changed().person_id(),
            fact.fact.participant_role_changed().role());
      } else if (fact.fact.has_participant_removed() && then) {
        role_of[fact.fact.participant_removed().person_id()] = "";
      }
    }
    for (const auto& [person, role] : role_of) {
      ASSIGN_OR_RETURN(const bool same, IsSamePerson(person, subject));
      if (same && !role.empty()) roles.insert(role);
    }
  }
  return Texts(roles.begin(), roles.end());
}

absl::StatusOr<Records::Texts> Records::VictimStatusOf(const Subject& subject) {
  std::set<std::string> statuses;
  ASSIGN_OR_RETURN(const std::set<std::string> cases, CasesOf(subject));
  for (const std::string& record : cases) {
    ASSIGN_OR_RETURN(const TimelinePtr timeline,
                     TimelineOf(facts_, options::v1::RECORD_KIND_CASE_RECORD, record));
    std::string newest;
    for (const FactInForce& fact : timeline->facts) {
      if (fact.occurred_at > subject.at || !fact.fact.has_victim_status_changed()) continue;
      const event::v1::VictimStatusChanged& change = fact.fact.victim_status_changed();
      ASSIGN_OR_RETURN(const bool same, IsSamePerson(change.person_id(), subject));
      if (same) newest = EnumCode(*event::v1::VictimStatus_descriptor(), change.status());
    }
    if (!newest.empty()) statuses.insert(newest);
  }
  return Texts(statuses.begin(), statuses.end());
}

absl::StatusOr<std::string> Records::Survivor(const std::string& person_id) {
  std::string at = person_id;
  for (int step = 0; step < kMaxMergeChain; ++step) {
    const auto stream = StreamOf(options::v1::RECORD_KIND_PERSON, at);
    if (!stream.has_value()) return at;
    if (merged_ != nullptr && !merged_->contains(*stream)) {
      facts_.NoteRead(*stream);
      return at;
    }
    ASSIGN_OR_RETURN(const TimelinePtr timeline, facts_.TimelineOf(*stream));
    std::string survivor;
    for (const FactInForce& fact : timeline->facts) {
      if (fact.fact.has_persons_merged() && fact.fact.persons_merged().merged_person_id() == at) {
        survivor = fact.fact.persons_merged().survivor_person_id();
      } else if (fact.fact.has_merge_reversed() &&
                 fact.fact.merge_reversed().merged_person_id() == at) {
        survivor.clear();
      }
    }
    if (survivor.empty() || survivor == at) return at;
    at = survivor;
  }
  return at;
}

absl::StatusOr<std::set<std::string>> Records::CasesOf(const Subject& subject) {
  return RecordsOf(Scope::kCase, subject);
}

absl::StatusOr<std::set<std::string>> Records::ContactsOf(const Subject& subject) {
  return RecordsOf(Scope::kContact, subject);
}

absl::StatusOr<std::set<std::string>> Records::RecordsOf(Scope scope, const Subject& subject) {
  const eventstore::StreamId& stream = subject.timeline->stream;
  if (stream.kind == static_cast<uint32_t>(KindOfScope(scope))) {
    return std::set<std::string>{stream.id.ToString()};
  }
  if (scope == Scope::kShelter) return IdInFact(subject, "shelter_id");
  if (scope == Scope::kContact) return IdInFact(subject, "source_contact_id");
  if (scope != Scope::kCase) return std::set<std::string>{};
  std::set<std::string> cases = IdInFact(subject, "case_id");
  if (cases.empty()) cases = LinkedCases(*subject.timeline);
  return cases;
}

absl::StatusOr<Attribution*> Records::Places() {
  if (places_ != nullptr) return places_.get();
  std::vector<eventstore::StreamId>* const reads = facts_.WriteReadsTo(nullptr);
  absl::StatusOr<std::unique_ptr<Attribution>> loaded = Attribution::Load(facts_);
  facts_.WriteReadsTo(reads);
  ASSIGN_OR_RETURN(places_, std::move(loaded));
  return places_.get();
}

}  // namespace caseledger::projections
