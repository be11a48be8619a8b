#include "projections/referrals/referral_fold.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;

std::string UrgencyName(event::v1::ReferralUrgency urgency) {
  switch (static_cast<int>(urgency)) {
    case event::v1::REFERRAL_URGENCY_URGENT:
      return "urgent";
    case event::v1::REFERRAL_URGENCY_EMERGENCY:
      return "emergency";
    default:
      return "routine";
  }
}

class ReferralFold {
 public:
  explicit ReferralFold(const Uuid& case_id) : case_id_(case_id) {}

  void Apply(const EffectiveFact& event) {
    const Fact& fact = event.fact;
    switch (KindOf(fact)) {
      case Fact::kReferralSent:
        return Send(fact.referral_sent(), event);
      case Fact::kReferralAccepted:
        return Answer(fact.referral_accepted().referral_id(), "accepted", event);
      case Fact::kReferralDeclined:
        return Answer(fact.referral_declined().referral_id(), "declined", event);
      case Fact::kReferralRevoked:
        return SetState(fact.referral_revoked().referral_id(), "revoked");
      case Fact::kReferralExpired:
        return SetState(fact.referral_expired().referral_id(), kReferralExpired);
      case Fact::kReferralConsentLost:
        return SetState(fact.referral_consent_lost().referral_id(), "consent_lost");
      case Fact::kReferralCompleted:
        return End(fact.referral_completed().referral_id(), "completed", event);
      case Fact::kReferralReturned:
        return End(fact.referral_returned().referral_id(), "returned", event);
      case Fact::kReferralForwarded:
        return Forward(fact.referral_forwarded(), event);
      default:
        return;
    }
  }
  std::map<std::string, ReferralRow> Take() { return std::move(rows_); }

 private:
  void Send(const event::v1::ReferralSent& fact, const EffectiveFact& event) {
    ReferralRow& row = Begin(fact.referral_id(), event);
    row.from_agency_id = fact.from_agency_id();
    row.to_agency_id = fact.to_agency_id();
    row.service = fact.service();
    row.urgency = UrgencyName(fact.urgency());
    row.person_id = fact.person_id();
    if (fact.has_expire_time()) row.expire_at = ToMicros(fact.expire_time());
  }

  void Forward(const event::v1::ReferralForwarded& fact, const EffectiveFact& event) {
    const auto old = rows_.find(fact.referral_id());
    if (old == rows_.end()) return;
    old->second.state = "forwarded";
    const ReferralRow from = old->second;
    ReferralRow& row = Begin(fact.new_referral_id(), event);
    row.from_agency_id = from.to_agency_id;
    row.to_agency_id = fact.to_agency_id();
    row.service = from.service;
    row.urgency = from.urgency;
    row.person_id = from.person_id;
  }

  ReferralRow& Begin(const std::string& referral_id, const EffectiveFact& event) {
    ReferralRow& row = rows_[referral_id];
    row = ReferralRow();
    row.case_id = case_id_;
    row.referral_id = referral_id;
    row.state = kReferralPending;
    row.sent_at = event.occurred_at;
    row.sent_event_id = event.event_id;
    return row;
  }

  void Answer(const std::string& referral_id, const std::string& state,
              const EffectiveFact& event) {
    SetState(referral_id, state);
    const auto it = rows_.find(referral_id);
    if (it != rows_.end()) it->second.answered_at = event.occurred_at;
  }

  void End(const std::string& referral_id, const std::string& state, const EffectiveFact& event) {
    SetState(referral_id, state);
    const auto it = rows_.find(referral_id);
    if (it != rows_.end()) it->second.completed_at = event.occurred_at;
  }

  // An answer to a referral that was voided is an answer to nothing.
  void SetState(const std::string& referral_id, const std::string& state) {
    const auto it = rows_.find(referral_id);
    if (it != rows_.end()) it->second.state = state;
  }

  const Uuid case_id_;
  std::map<std::string, ReferralRow> rows_;
};

}  // namespace

std::string StateAt(const ReferralRow& row, Micros now) {
  const bool ran_out =
      row.state == kReferralPending && row.expire_at.has_value() && now >= *row.expire_at;
  return ran_out ? kReferralExpired : row.state;
}

bool IsReferralFact(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kReferralSent:
    case Fact::kReferralAccepted:
    case Fact::kReferralDeclined:
    case Fact::kReferralRevoked:
    case Fact::kReferralExpired:
    case Fact::kReferralConsentLost:
    case Fact::kReferralCompleted:
    case Fact::kReferralReturned:
    case Fact::kReferralForwarded:
      return true;
    default:
      return false;
  }
}

std::map<std::string, ReferralRow> FoldReferrals(const Uuid& case_id,
                                                 const std::vector<EffectiveFact>& in_order) {
  ReferralFold fold(case_id);
  for (const EffectiveFact& fact : in_order) fold.Apply(fact);
  return fold.Take();
}

}  // namespace caseledger::projections
