#include "projections/report_facts/catalogue.h"

#include <array>
#include <map>
#include <utility>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/report_facts/countable.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Path = std::vector<const FieldDescriptor*>;

const std::vector<SpanRule>& SpanRules() {
  using Shape = SpanRule::Shape;
  static const auto& rules = *new std::vector<SpanRule>{
      {"case_open", Shape::kCaseCycles, Fact::kCaseOpened, nullptr, nullptr, nullptr, {}, {}},
      {"participation",
       Shape::kParticipation,
       Fact::kCaseOpened,
       nullptr,
       nullptr,
       nullptr,
       {},
       {}},
      {"programme_validity",
       Shape::kKeyed,
       Fact::kProgrammeRecorded,
       nullptr,
       "valid_from_time",
       "valid_to_time",
       {},
       {Fact::kProgrammeEnded}},
      {"shelter_stay",
       Shape::kKeyed,
       Fact::kResidentAdmitted,
       "placement_id",
       nullptr,
       nullptr,
       {},
       {Fact::kResidentDischarged}},
      {"therapy",
       Shape::kKeyed,
       Fact::kTherapyEnrolled,
       "episode_id",
       nullptr,
       nullptr,
       {},
       {Fact::kTherapyEnded}},
      {"emergency",
       Shape::kKeyed,
       Fact::kEmergencyStarted,
       "emergency_id",
       nullptr,
       nullptr,
       {},
       {Fact::kEmergencyEnded}},
      {"separation",
       Shape::kKeyed,
       Fact::kSeparationOrdered,
       "measure_id",
       "from_time",
       "to_time",
       {Fact::kSeparationExtended},
       {Fact::kSeparationLifted}},
      {"contact_ban",
       Shape::kKeyed,
       Fact::kContactBanIssued,
       "measure_id",
       "from_time",
       "to_time",
       {Fact::kContactBanExtended},
       {Fact::kContactBanLifted}},
      {"consent",
       Shape::kKeyed,
       Fact::kConsentGiven,
       "consent_id",
       nullptr,
       "expire_time",
       {},
       {Fact::kConsentWithdrawn}},
      {"referral_answer",
       Shape::kOffers,
       Fact::kReferralSent,
       "referral_id",
       nullptr,
       "expire_time",
       {},
       {Fact::kReferralAccepted, Fact::kReferralDeclined, Fact::kReferralRevoked,
        Fact::kReferralExpired, Fact::kReferralConsentLost}},
      {"referral_service",
       Shape::kKeyed,
       Fact::kReferralAccepted,
       "referral_id",
       nullptr,
       nullptr,
       {},
       {Fact::kReferralCompleted, Fact::kReferralReturned, Fact::kReferralForwarded,
        Fact::kReferralConsentLost}},
  };
  return rules;
}

const std::map<FactNumber, StartRule>& StartRules() {
  static const auto& rules = *[] {
    auto* built = new std::map<FactNumber, StartRule>;
    const auto add = [built](StartRule rule, std::initializer_list<FactNumber> facts) {
      for (const FactNumber fact : facts) built->emplace(fact, rule);
    };
    add({Fact::kTherapyScreened, "episode_id"},
        {Fact::kTherapyEnrolled, Fact::kTherapySessionHeld, Fact::kTherapyEnded});
    add({Fact::kEmergencyStarted, "emergency_id"}, {Fact::kEmergencyEnded});
    add({Fact::kSeparationOrdered, "measure_id"},
        {Fact::kSeparationExtended, Fact::kSeparationLifted});
    add({Fact::kContactBanIssued, "measure_id"},
        {Fact::kContactBanExtended, Fact::kContactBanLifted});
    add({Fact::kReferralSent, "referral_id"},
        {Fact::kReferralAccepted, Fact::kReferralDeclined, Fact::kReferralRevoked,
         Fact::kReferralExpired, Fact::kReferralCompleted, Fact::kReferralReturned,
         Fact::kReferralForwarded, Fact::kReferralConsentLost});
    add({Fact::kPlacementRequested, "placement_id"},
        {Fact::kPlacementHeld, Fact::kResidentAdmitted, Fact::kStayExtended,
         Fact::kResidentDischarged, Fact::kPlacementDeclined, Fact::kPlacementCancelled,
         Fact::kHoldExpired});
    add({Fact::kShelterStayOpened, "placement_id"}, {Fact::kShelterStayClosed});
    add({Fact::kStayBegan, "placement_id"}, {Fact::kStayFinished});
    add({Fact::kPlanDrafted, "plan_id"},
        {Fact::kPlanApproved, Fact::kPlanRejected, Fact::kPlanReviewed});
    add({Fact::kReportForwarded, "forward_id"}, {Fact::kReportAcknowledged});
    add({Fact::kConsentGiven, "consent_id"}, {Fact::kConsentWithdrawn});
    add({Fact::kTransferRequested, "transfer_id"},
        {Fact::kTransferAccepted, Fact::kTransferDeclined, Fact::kTransferRevoked});
    add({Fact::kLegalHoldPlaced, "hold_id"}, {Fact::kLegalHoldLifted});
    return built;
  }();
  return rules;
}

const Descriptor* MessageOf(FactNumber fact) {
  return Fact::descriptor()->FindFieldByNumber(fact)->message_type();
}

// Fields from `message` down to the last name; only countable ones.
absl::StatusOr<Path> FieldsFrom(const Descriptor* message, std::string_view text) {
  Path path;
  const Descriptor* at = message;
  std::string_view left = text;
  while (true) {
    const size_t dot = left.find('.');
    const std::string name(left.substr(0, dot));
    const FieldDescriptor* field = at == nullptr ? nullptr : at->FindFieldByName(name);
    if (field == nullptr || !IsCountable(*field)) {
      return absl::InvalidArgumentError(
          StrCat("`", text, "` is not a countable field of `", message->name(), "`"));
    }
    path.push_back(field);
    at = field->message_type();
    if (dot == std::string_view::npos) return path;
    left.remove_prefix(dot + 1);
  }
}

std::vector<RecordAttribute> BuildAttributes() {
  std::vector<RecordAttribute> attributes;
  const auto add = [&](Scope scope, const char* name, bool at_fact,
                       std::initializer_list<std::pair<FactNumber, std::string>> sources) {
    RecordAttribute attribute{scope, name, at_fact, {}};
    for (const auto& [fact, path] : sources) {
      attribute.sources.push_back({fact, *FieldsFrom(MessageOf(fact), path)});
    }
    attributes.push_back(std::move(attribute));
  };
  for (const char* name : {"channel", "line", "caller_role", "unit", "operator_id"}) {
    add(Scope::kContact, name, false, {{Fact::kContactReceived, name}});
  }
  add(Scope::kContact, "outcome", false, {{Fact::kContactEnded, "outcome"}});
  for (const char* name : {"main_topic", "other_topics"}) {
    add(Scope::kContact, name, false, {{Fact::kContactClassified, name}});
  }
  for (const char* name : {"case_type", "concerns", "unit", "source_contact_id"}) {
    add(Scope::kCase, name, false, {{Fact::kCaseOpened, name}});
  }
  for (const char* name : {"owner_agency_id", "owner_worker_id"}) {
    add(Scope::kCase, name, true, {{Fact::kCaseOpened, name}, {Fact::kOwnerAssigned, name}});
  }
  add(Scope::kCase, "risk", true, {{Fact::kCaseOpened, "risk"}, {Fact::kRiskAssessed, "risk"}});
  add(Scope::kCase, "violence_types", true, {{Fact::kRiskAssessed, "violence_types"}});
  for (const char* name : {"sex", "birth_year", "document_status", "school_status", "unit"}) {
    const std::string path = std::string("attributes.") + name;
    add(Scope::kPerson, name, true,
        {{Fact::kPersonRegistered, path}, {Fact::kPersonAmended, path}});
  }
  for (const char* name : {"kind", "units"}) {
    add(Scope::kProgramme, name, false, {{Fact::kProgrammeRecorded, name}});
  }
  add(Scope::kShelter, "agency_id", false, {{Fact::kShelterRegistered, "agency_id"}});
  return attributes;
}

const std::vector<RecordAttribute>& Attributes() {
  static const auto& attributes = *new std::vector<RecordAttribute>(BuildAttributes());
  return attributes;
}

const std::map<std::string_view, Scope>& ScopeNames() {
  static const auto& names = *new std::map<std::string_view, Scope>{
      {"start", Scope::kStart},   {"contact", Scope::kContact},     {"case", Scope::kCase},
      {"person", Scope::kPerson}, {"programme", Scope::kProgramme}, {"shelter", Scope::kShelter},
      {"event", Scope::kEvent},   {"at", Scope::kMoment},           {"span", Scope::kSpan}};
  return names;
}

FieldPath::Special FindSpecial(std::string_view text) {
  using Special = FieldPath::Special;
  static const auto& names =
      *new std::map<std::string_view, Special>{{"person.age", Special::kAge},
                                               {"person.role", Special::kRole},
                                               {"person.victim_status", Special::kVictimStatus},
                                               {"event.agency_id", Special::kAgency},
                                               {"event.delay_days", Special::kDelayDays},
                                               {"at.hour", Special::kHour},
                                               {"at.weekday", Special::kWeekday},
                                               {"at.date", Special::kDate},
                                               {"at.month", Special::kMonth},
                                               {"span.hours", Special::kSpanHours},
                                               {"span.days", Special::kSpanDays},
                                               {"span.ended_by", Special::kSpanEnd}};
  const auto found = names.find(text);
  return found == names.end() ? Special::kNone : found->second;
}

absl::StatusOr<FieldPath> FindInScope(const CountedFact& fact, Scope scope, std::string_view text,
                                      std::string_view rest) {
  FieldPath found;
  found.scope = scope;
  if (scope == Scope::kStart) {
    const StartRule* rule = FindStartRule(fact.number);
    if (rule == nullptr) {
      return absl::InvalidArgumentError(StrCat("`", fact.name, "` goes on with no earlier fact"));
    }
    ASSIGN_OR_RETURN(found.path, FieldsFrom(MessageOf(rule->started_by), rest));
    return found;
  }
  if (scope == Scope::kSpan && fact.span == nullptr) {
    return absl::InvalidArgumentError(StrCat("`", fact.name, "` is a fact and not a span"));
  }
  found.special = FindSpecial(text);
  if (found.special != FieldPath::Special::kNone) return found;
  for (const RecordAttribute& attribute : Attributes()) {
    if (attribute.scope == scope && attribute.name == rest) {
      found.attribute = &attribute;
      return found;
    }
  }
  return absl::InvalidArgumentError(StrCat("unknown field `", text, "`"));
}

}  // namespace

absl::StatusOr<CountedFact> FindCountedFact(std::string_view name) {
  CountedFact found;
  found.name = std::string(name);
  for (const SpanRule& span : SpanRules()) {
    if (span.name != name) continue;
    found.span = &span;
    found.number = span.shape == SpanRule::Shape::kParticipation ? int{Fact::kParticipantAdded}
                                                                 : span.begun_by;
    found.message = MessageOf(found.number);
    return found;
  }
  const FieldDescriptor* field = Fact::descriptor()->FindFieldByName(found.name);
  const bool about_facts = field != nullptr && (field->number() == Fact::kFactCorrected ||
                                                field->number() == Fact::kEventVoided);
  if (field == nullptr || about_facts) {
    return absl::InvalidArgumentError(
        StrCat("unknown fact `", name, "`",
               about_facts ? ": corrections and voids are not facts of their own" : ""));
  }
  found.number = field->number();
  found.message = field->message_type();
  return found;
}

const StartRule* FindStartRule(FactNumber fact) {
  const auto found = StartRules().find(fact);
  return found == StartRules().end() ? nullptr : &found->second;
}

absl::StatusOr<FieldPath> FindPath(const CountedFact& fact, std::string_view text) {
  const size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    const auto scope = ScopeNames().find(text.substr(0, dot));
    if (scope != ScopeNames().end()) {
      return FindInScope(fact, scope->second, text, text.substr(dot + 1));
    }
  }
  FieldPath found;
  ASSIGN_OR_RETURN(found.path, FieldsFrom(fact.message, text));
  return found;
}

const FieldDescriptor* FieldPath::leaf() const {
  if (!path.empty()) return path.back();
  return attribute == nullptr ? nullptr : attribute->sources.front().path.back();
}

bool FieldPath::IsNumber() const {
  switch (special) {
    case Special::kNone:
      break;
    case Special::kAge:
    case Special::kDelayDays:
    case Special::kHour:
    case Special::kWeekday:
    case Special::kSpanHours:
    case Special::kSpanDays:
      return true;
    case Special::kRole:
    case Special::kVictimStatus:
    case Special::kAgency:
    case Special::kDate:
    case Special::kMonth:
    case Special::kSpanEnd:
      return false;
  }
  return leaf()->cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
         leaf()->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
}

bool FieldPath::IsUnit() const {
  return leaf() != nullptr && leaf()->message_type() == event::v1::UnitRef::descriptor();
}

bool FieldPath::RefersToPerson() const {
  return leaf() != nullptr && leaf()->options().GetExtension(options::v1::rule).refers_to() ==
                                  options::v1::RECORD_KIND_PERSON;
}

const google::protobuf::EnumDescriptor* FieldPath::ClosedCodes() const {
  if (special == Special::kRole) return event::v1::ParticipantRole_descriptor();
  if (special == Special::kVictimStatus) return event::v1::VictimStatus_descriptor();
  return leaf() == nullptr ? nullptr : leaf()->enum_type();
}

}  // namespace caseledger::projections
