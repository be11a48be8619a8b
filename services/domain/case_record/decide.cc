// Who may, what other records say, and what the server adds to a fact of a case.
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "services/domain/case_record/case_record.h"
#include "services/domain/case_record/lookup.h"

namespace caseledger::domain {
namespace {

constexpr char kSupervisor[] = "supervisor";

// Decides one fact. Every Demand is a rule that imports may fail: they happened anyway, so the
// failure is kept as a data-quality item.
class Decision {
 public:
  Decision(const CaseState& state, const Fact& fact, const Context& context)
      : state_(state), context_(context), decided_{fact, {}, {}} {}

  absl::StatusOr<Decided> Take() {
    if (absl::Status status = Judge(); !status.ok()) return status;
    return std::move(decided_);
  }

 private:
  absl::Status Judge() {
    Fact& fact = decided_.fact;
    switch (KindOf(fact)) {
      case Fact::kCaseOpened:
        return DemandActive(fact.case_opened().owner_agency_id());
      case Fact::kOwnerAssigned:
        return DemandActive(fact.owner_assigned().owner_agency_id());
      case Fact::kParticipantAdded:
        return RefuseMergedAway(fact.participant_added().person_id());
      case Fact::kCaseClosed:
        return JudgeClosing(*fact.mutable_case_closed());
      case Fact::kCaseReopened:
        return DemandSupervisor();
      case Fact::kServiceDelivered:
        return JudgeService(fact.service_delivered());
      case Fact::kTherapyScreened:
        return DemandUnrestricted(fact.therapy_screened().person_id());
      case Fact::kTherapyEnrolled:
        return DemandUnrestricted(state_.therapy.PersonOf(fact.therapy_enrolled().episode_id()));
      case Fact::kTherapySessionHeld:
        return DemandUnrestricted(
            state_.therapy.PersonOf(fact.therapy_session_held().episode_id()));
      case Fact::kReferralSent:
        return JudgeSending(*fact.mutable_referral_sent());
      case Fact::kReferralForwarded:
        return JudgeForwarding(*fact.mutable_referral_forwarded());
      case Fact::kReferralAccepted:
        return DemandReceiver(fact.referral_accepted().referral_id());
      case Fact::kReferralDeclined:
        return DemandReceiver(fact.referral_declined().referral_id());
      case Fact::kReferralCompleted:
        return DemandReceiver(fact.referral_completed().referral_id());
      case Fact::kReferralReturned:
        return DemandReceiver(fact.referral_returned().referral_id());
      case Fact::kReferralRevoked:
        return DemandSender(fact.referral_revoked().referral_id());
      default:
        return absl::OkStatus();
    }
  }

  absl::Status JudgeClosing(event::v1::CaseClosed& closed) {
    closed.clear_overridden_rules();
    if (absl::Status status = DemandSupervisor(); !status.ok()) return status;
    if (closed.override_reason().empty()) return absl::OkStatus();
    std::set<Reason> overridden;
    for (const ClosureBlocker& blocker : ClosureBlockers(state_, context_.occurred_at)) {
      overridden.insert(blocker.reason);
    }
    for (const Reason reason : overridden) {
      closed.add_overridden_rules(std::string(TextOf(reason).id));
    }
    return absl::OkStatus();
  }

  absl::Status JudgeSending(event::v1::ReferralSent& sent) {
    const bool ours = sent.from_agency_id() == context_.caller.agency;
    absl::Status status = Demand(ours, Reason::kReferralNotFromYou, sent.referral_id());
    if (status.ok()) status = DemandActive(sent.to_agency_id());
    if (status.ok()) status = DemandUnrestricted(sent.person_id());
    if (!status.ok()) return status;
    return DemandConsent(sent.person_id(), sent.to_agency_id(), *sent.mutable_consent_id());
  }

  absl::Status JudgeForwarding(event::v1::ReferralForwarded& forwarded) {
    absl::Status status = DemandReceiver(forwarded.referral_id());
    if (status.ok()) status = DemandActive(forwarded.to_agency_id());
    if (!status.ok()) return status;
    const Referral* referral = Find(state_.referrals.referrals, forwarded.referral_id());
    if (referral == nullptr) return absl::OkStatus();  // Check says so
    status = DemandUnrestricted(referral->person);
    if (!status.ok()) return status;
    return DemandConsent(referral->person, forwarded.to_agency_id(),
                         *forwarded.mutable_consent_id());
  }

  absl::Status JudgeService(const event::v1::ServiceDelivered& delivered) {
    for (const std::string& person : delivered.beneficiary_person_ids()) {
      if (absl::Status status = DemandUnrestricted(person); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Demand(bool holds, Reason reason, const std::string& item) {
    if (holds) return absl::OkStatus();
    if (!context_.imported) return Reject(reason, item);
    decided_.data_quality.emplace_back(TextOf(reason).id);
    return absl::OkStatus();
  }

  absl::Status DemandSupervisor() {
    if (!state_.lifecycle.opened) return absl::OkStatus();  // no owner yet; Check says so
    const Caller& caller = context_.caller;
    const bool may = caller.HasRole(kSupervisor) && caller.agency == state_.lifecycle.owner_agency;
    return Demand(may, Reason::kClosureNeedsSupervisor, "");
  }

  absl::Status DemandActive(const std::string& agency_id) {
    const bool active = context_.related->IsAgencyActive(agency_id, context_.occurred_at);
    return Demand(active, Reason::kAgencyInactive, agency_id);
  }

  // What is only kept of a person is used on a legal basis alone. Whom nobody knows: Check says so.
  absl::Status DemandUnrestricted(const std::string& person_id) {
    if (person_id.empty() || !context_.legal_basis.empty()) return absl::OkStatus();
    const bool restricted = context_.related->IsRestricted(person_id, context_.occurred_at);
    return Demand(!restricted, Reason::kProcessingRestricted, person_id);
  }

  // Fills `consent_id`; it stays empty where the legal basis of the command stands in. A fact that
  // is decided again keeps the consent it rests on while that allows it; no request can name one.
  absl::Status DemandConsent(const std::string& person_id, const std::string& agency_id,
                             std::string& consent_id) {
    const std::optional<std::string> consent = context_.related->ConsentInForce(
        person_id, kPurposeSharing, agency_id, consent_id, context_.occurred_at);
    consent_id = consent.value_or("");
    const bool founded = consent.has_value() || !context_.legal_basis.empty();
    return Demand(founded, Reason::kConsentMissing, person_id);
  }

  absl::Status DemandReceiver(const std::string& referral_id) {
    const Referral* referral = Find(state_.referrals.referrals, referral_id);
    const bool ours = referral == nullptr || referral->to_agency == context_.caller.agency;
    return Demand(ours, Reason::kReferralNotYours, referral_id);
  }

  absl::Status DemandSender(const std::string& referral_id) {
    const Referral* referral = Find(state_.referrals.referrals, referral_id);
    const bool ours = referral == nullptr || referral->from_agency == context_.caller.agency;
    return Demand(ours, Reason::kReferralNotFromYou, referral_id);
  }

  // Binds imports too: the record that goes on is to be named.
  absl::Status RefuseMergedAway(const std::string& person_id) const {
    const bool merged = context_.related->IsMergedAway(person_id, context_.occurred_at);
    return merged ? Reject(Reason::kParticipantMergedAway, person_id) : absl::OkStatus();
  }

  const CaseState& state_;
  const Context& context_;
  Decided decided_;
};

}  // namespace

absl::StatusOr<Decided> DecideCase(const CaseState& state_at_occurred, const Fact& fact,
                                   const Context& context) {
  return Decision(state_at_occurred, fact, context).Take();
}

}  // namespace caseledger::domain
