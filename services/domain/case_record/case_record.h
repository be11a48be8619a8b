// A case: the work of an owner agency for one or more clients.
//
// Invariants, beside those of its parts (one header each)
//  1. Nothing happens before the case is opened.
//  2. Whoever a fact concerns takes part in the case at that time: beneficiaries, persons in
//     therapy or in an emergency, of a victim status, a separation, a referral or a stay, and the
//     person a ban protects. Who is banned need not.
//  3. Nobody is removed whom something open still concerns: a stay (as companion too), a therapy
//     the person is enrolled in, a running emergency, a referral that is pending or active, a
//     measure that is not over.
//  4. The case never closes over a blocker unless a supervisor said why and the closure names it.
//     Therapy does not block: it goes on at another office, and its end may be recorded later.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/case_record/emergencies.h"
#include "services/domain/case_record/lifecycle.h"
#include "services/domain/case_record/measures.h"
#include "services/domain/case_record/participants.h"
#include "services/domain/case_record/plans.h"
#include "services/domain/case_record/referrals.h"
#include "services/domain/case_record/stays.h"
#include "services/domain/case_record/therapy.h"
#include "services/domain/case_record/transfers.h"
#include "services/domain/context.h"
#include "services/domain/event.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

struct CaseState {
  static constexpr uint32_t kVersion = 5;

  Lifecycle lifecycle;
  Participants participants;
  Plans plans;
  Services services;
  Therapy therapy;
  Emergencies emergencies;
  Measures measures;
  Referrals referrals;
  Transfers transfers;
  LegalHolds holds;
  Stays stays;

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return lifecycle.opened; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(lifecycle, participants, plans, services, therapy, emergencies, measures, referrals,
            transfers, holds, stays);
  }

 private:
  absl::Status CheckPeople(const DomainEvent& event) const;
  absl::Status CheckRemoval(const std::string& person_id, Micros at) const;
  absl::Status CheckClosure(const DomainEvent& event) const;
};

// One thing that stands in the way of closing.
struct ClosureBlocker {
  Reason reason;
  std::string item;  // key of the stay, referral, emergency or measure
};

// All that stands in the way of closing the case at `at`: stays, then referrals, emergencies, bans.
// `state` is as of `at`.
std::vector<ClosureBlocker> ClosureBlockers(const CaseState& state, Micros at);

// Pure: same arguments, same answer. `state_at_occurred` is as of context.occurred_at. Judges who
// may and what other records say, and sets output-only fields; the caller runs Check on the
// completed fact afterwards. PlanDrafted.content_hash is over sealed text, so it is set before.
//
// PERMISSION_DENIED    CLOSURE_NEEDS_SUPERVISOR, REFERRAL_NOT_YOURS, REFERRAL_NOT_FROM_YOU
// FAILED_PRECONDITION  AGENCY_INACTIVE, PROCESSING_RESTRICTED, CONSENT_MISSING,
//                      PARTICIPANT_MERGED_AWAY
//
// For imports all but PARTICIPANT_MERGED_AWAY become data-quality items.
absl::StatusOr<Decided> DecideCase(const CaseState& state_at_occurred, const Fact& fact,
                                   const Context& context);

}  // namespace caseledger::domain
