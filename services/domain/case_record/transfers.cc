#include "services/domain/case_record/transfers.h"

#include <algorithm>

#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

void Transfers::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kTransferRequested:
      open_key = fact.transfer_requested().transfer_id();
      keys.insert(open_key);
      break;
    case Fact::kTransferAccepted:
    case Fact::kTransferDeclined:
    case Fact::kTransferRevoked:
      open_key.clear();
      break;
    default:
      break;
  }
}

absl::Status Transfers::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kTransferRequested: {
      const std::string& key = fact.transfer_requested().transfer_id();
      if (keys.contains(key)) return Reject(Reason::kKeyUsed, key);
      return open_key.empty() ? absl::OkStatus() : Reject(Reason::kTransferOpen, open_key);
    }
    case Fact::kTransferAccepted:
      return CheckAnswer(fact.transfer_accepted().transfer_id());
    case Fact::kTransferDeclined:
      return CheckAnswer(fact.transfer_declined().transfer_id());
    case Fact::kTransferRevoked:
      return CheckAnswer(fact.transfer_revoked().transfer_id());
    default:
      return absl::OkStatus();
  }
}

absl::Status Transfers::CheckAnswer(const std::string& key) const {
  if (!keys.contains(key)) return Reject(Reason::kTransferUnknown, key);
  return key == open_key ? absl::OkStatus() : Reject(Reason::kTransferNotOpen, key);
}

bool LegalHolds::IsInForce(const std::string& key) const {
  const bool* hold = Find(in_force, key);
  return hold != nullptr && *hold;
}

void LegalHolds::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  if (fact.has_legal_hold_placed()) {
    in_force[fact.legal_hold_placed().hold_id()] = true;
  } else if (fact.has_legal_hold_lifted()) {
    if (bool* hold = Find(in_force, fact.legal_hold_lifted().hold_id())) *hold = false;
  }
}

absl::Status LegalHolds::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_legal_hold_placed()) {
    const std::string& key = fact.legal_hold_placed().hold_id();
    return in_force.contains(key) ? Reject(Reason::kKeyUsed, key) : absl::OkStatus();
  }
  if (fact.has_legal_hold_lifted()) {
    const std::string& key = fact.legal_hold_lifted().hold_id();
    const bool* hold = Find(in_force, key);
    if (hold == nullptr) return Reject(Reason::kHoldUnknown, key);
    return *hold ? absl::OkStatus() : Reject(Reason::kHoldLifted, key);
  }
  return absl::OkStatus();
}

}  // namespace caseledger::domain
