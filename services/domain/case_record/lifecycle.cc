#include "services/domain/case_record/lifecycle.h"

#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

constexpr char kReasonTransferred[] = "transferred";

// Facts that end or answer what is open already, and legal holds. Any other fact is work.
bool SettlesOrHolds(int kind) {
  switch (kind) {
    case Fact::kTherapyEnded:
    case Fact::kEmergencyEnded:
    case Fact::kSeparationLifted:
    case Fact::kContactBanLifted:
    case Fact::kReferralAccepted:
    case Fact::kReferralDeclined:
    case Fact::kReferralRevoked:
    case Fact::kReferralExpired:
    case Fact::kReferralConsentLost:
    case Fact::kReferralCompleted:
    case Fact::kReferralReturned:
    case Fact::kTransferDeclined:
    case Fact::kTransferRevoked:
    case Fact::kShelterStayClosed:
    case Fact::kLegalHoldPlaced:
    case Fact::kLegalHoldLifted:
      return true;
    default:
      return false;
  }
}

}  // namespace

CasePhase Lifecycle::phase() const {
  if (!opened) return CasePhase::kNotOpened;
  if (closed) return CasePhase::kClosed;
  return transferred ? CasePhase::kTransferred : CasePhase::kOpen;
}

void Lifecycle::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kCaseOpened:
      opened = true;
      opened_at = event.occurred_at;
      cycles = 1;
      owner_agency = fact.case_opened().owner_agency_id();
      owner_worker = fact.case_opened().owner_worker_id();
      unit_code = fact.case_opened().unit().code();
      break;
    case Fact::kOwnerAssigned:
      owner_agency = fact.owner_assigned().owner_agency_id();
      owner_worker = fact.owner_assigned().owner_worker_id();
      break;
    case Fact::kCaseClosed:
      closed = true;
      break;
    case Fact::kCaseReopened:
      closed = false;
      ++cycles;
      break;
    case Fact::kTransferAccepted:
      transferred = true;
      break;
    default:
      break;
  }
}

absl::Status Lifecycle::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  const int kind = KindOf(fact);
  if (kind == Fact::kCaseOpened) return opened ? Reject(Reason::kRecordExists) : absl::OkStatus();
  // Facts are folded in the order in which they occurred: not opened yet means before the opening.
  if (!opened) return Reject(Reason::kBeforeRecordBegan);
  if (kind == Fact::kCaseClosed) {
    if (closed) return Reject(Reason::kCaseAlreadyClosed);
    const bool as_transferred = fact.case_closed().reason() == kReasonTransferred;
    if (transferred && !as_transferred) return Reject(Reason::kCaseTransferred);
    return absl::OkStatus();
  }
  if (kind == Fact::kCaseReopened) {
    if (!closed) return Reject(Reason::kCaseNotClosed);
    return transferred ? Reject(Reason::kCaseTransferred) : absl::OkStatus();
  }
  if (SettlesOrHolds(kind)) return absl::OkStatus();
  if (closed) return Reject(Reason::kCaseClosed);
  return transferred ? Reject(Reason::kCaseTransferred) : absl::OkStatus();
}

}  // namespace caseledger::domain
