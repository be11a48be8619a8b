#include "services/domain/contact/contact.h"

#include "services/domain/rejection.h"

namespace caseledger::domain {

void ContactState::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kContactReceived:
      received = true;
      registered_by = AgencyOf(event);
      received_at = event.occurred_at;
      break;
    case Fact::kContactEnded:
      ended = true;
      break;
    case Fact::kContactClassified:
      main_topic = fact.contact_classified().main_topic();
      break;
    case Fact::kContactLinkedToCase:
      linked_cases.insert(fact.contact_linked_to_case().case_id());
      break;
    case Fact::kContactUnlinked:
      linked_cases.erase(fact.contact_unlinked().case_id());
      break;
    case Fact::kReportForwarded:
      forwards[fact.report_forwarded().forward_id()] = false;
      break;
    case Fact::kReportAcknowledged:
      forwards[fact.report_acknowledged().forward_id()] = true;
      break;
    default:
      break;
  }
}

absl::Status ContactState::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_contact_received()) {
    return received ? Reject(Reason::kRecordExists) : absl::OkStatus();
  }
  if (!received) return Reject(Reason::kBeforeRecordBegan);
  switch (KindOf(fact)) {
    case Fact::kContactEnded:
      if (ended) return Reject(Reason::kContactEnded);
      return absl::OkStatus();
    case Fact::kContactLinkedToCase:
      if (linked_cases.contains(fact.contact_linked_to_case().case_id())) {
        return Reject(Reason::kContactLinked);
      }
      return absl::OkStatus();
    case Fact::kContactUnlinked:
      if (!linked_cases.contains(fact.contact_unlinked().case_id())) {
        return Reject(Reason::kContactNotLinked);
      }
      return absl::OkStatus();
    case Fact::kReportForwarded: {
      const event::v1::ReportForwarded& forwarded = fact.report_forwarded();
      if (forwards.contains(forwarded.forward_id())) {
        return Reject(Reason::kForwardKeyUsed, forwarded.forward_id());
      }
      if (ToMicros(forwarded.due_time()) <= event.occurred_at) {
        return Reject(Reason::kDueBeforeForward, forwarded.forward_id());
      }
      return absl::OkStatus();
    }
    case Fact::kReportAcknowledged: {
      const std::string& key = fact.report_acknowledged().forward_id();
      const auto it = forwards.find(key);
      if (it == forwards.end()) return Reject(Reason::kForwardUnknown, key);
      if (it->second) return Reject(Reason::kForwardAcknowledged, key);
      return absl::OkStatus();
    }
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<Decided> DecideContact(const ContactState&, const Fact& fact,
                                      const Context& context) {
  Decided decided{fact, {}, {}};
  if (!fact.has_report_forwarded()) return decided;
  const std::string& agency = fact.report_forwarded().to_agency_id();
  if (context.related->IsAgencyActive(agency, context.occurred_at)) return decided;
  if (!context.imported) return Reject(Reason::kAgencyRetired, agency);
  decided.data_quality.emplace_back(TextOf(Reason::kAgencyRetired).id);
  return decided;
}

}  // namespace caseledger::domain
