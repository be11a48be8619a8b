#include "services/domain/person/consents.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

using Consent = PersonState::Consent;

constexpr char kBySelf[] = "self";
constexpr char kByBoth[] = "self_and_representative";

constexpr int kAgeOfOwnConsent = 7;                             // years
constexpr int kAgeOfMajority = 18;                              // years
constexpr Micros kLedgerOffset = Micros{7} * 3600 * 1'000'000;  // Asia/Ho_Chi_Minh is UTC+7

int LocalYear(Micros at) {
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> local{microseconds(at + kLedgerOffset)};
  return static_cast<int>(std::chrono::year_month_day(floor<days>(local)).year());
}

// Only the year of birth is open, so the age may be a year less. Whoever may be a child of seven or
// more counts as one.
bool MayBeChildOfOwnConsent(int birth_year, Micros at) {
  if (birth_year == 0) return false;
  const int years = LocalYear(at) - birth_year;
  return years >= kAgeOfOwnConsent && years <= kAgeOfMajority;
}

// Whether somebody who gave it for the person is excluded, or may be: who is not named may be the
// one.
bool IsByExcluded(const PersonState& state, const Consent& consent) {
  if (!consent.by_other) return false;
  if (consent.representative_person_id.empty()) return !state.exclusions.empty();
  return state.exclusions.contains(consent.representative_person_id);
}

Consent AsGiven(const event::v1::ConsentGiven& given) {
  Consent consent;
  consent.purposes.insert(given.purposes().begin(), given.purposes().end());
  consent.recipient_agency_id = given.recipient_agency_id();
  consent.representative_person_id = given.representative_person_id();
  consent.by_self = given.given_by() == kBySelf || given.given_by() == kByBoth;
  consent.by_other = given.given_by() != kBySelf;
  if (given.has_expire_time()) consent.expires_at = ToMicros(given.expire_time());
  return consent;
}

// Whether it says yes to this, alone or as half of what is needed.
bool SaysYes(const PersonState& state, const Consent& consent, std::string_view purpose,
             std::string_view agency, Micros at) {
  if (consent.withdrawn || consent.by_excluded || IsByExcluded(state, consent)) return false;
  if (consent.expires_at != 0 && consent.expires_at <= at) return false;
  if (!consent.recipient_agency_id.empty() && consent.recipient_agency_id != agency) return false;
  return consent.purposes.contains(std::string(purpose));
}

// The age is that of when it was given, by the birth year as it is known now: consent does not
// lapse on a birthday, and a year that is learned later counts.
bool NeedsOtherHalf(const PersonState& state, const Consent& consent) {
  const bool alone = consent.by_self != consent.by_other;
  return alone && !consent.imported && MayBeChildOfOwnConsent(state.birth_year, consent.given_at);
}

bool IsInForce(const PersonState& state, const Consent& consent, std::string_view purpose,
               std::string_view agency, Micros at) {
  if (!SaysYes(state, consent, purpose, agency, at)) return false;
  if (!NeedsOtherHalf(state, consent)) return true;
  return std::any_of(state.consents.begin(), state.consents.end(), [&](const auto& entry) {
    const Consent& other = entry.second;
    const bool other_side = consent.by_self ? other.by_other : other.by_self;
    return other_side && SaysYes(state, other, purpose, agency, at);
  });
}

// Whether the referral's ground goes when `withdrawn` does.
bool LosesItsGround(const PersonState& before, const PersonState& after,
                    const ReferralOnConsent& referral, const std::string& withdrawn, Micros at) {
  if (referral.consent_id == withdrawn) return true;
  const auto in_force = [&](const PersonState& state) {
    return IsConsentInForce(state, referral.consent_id, kPurposeSharing, referral.to_agency, at);
  };
  return in_force(before) && !in_force(after);
}

ProposedFact Loss(const ReferralOnConsent& referral, const std::string& withdrawn, Micros at) {
  ProposedFact loss{RecordKind::RECORD_KIND_CASE_RECORD, referral.case_id, {}};
  loss.fact.mutable_referral_consent_lost()->set_referral_id(referral.referral_id);
  loss.fact.mutable_referral_consent_lost()->set_consent_id(withdrawn);
  loss.occurred_at = std::max(at, referral.since);
  return loss;
}

}  // namespace

Consent ConsentOf(const PersonState& state, const DomainEvent& event) {
  Consent consent = AsGiven(event.fact->consent_given());
  consent.imported = event.imported;
  consent.given_at = event.occurred_at;
  consent.by_excluded = IsByExcluded(state, consent);
  return consent;
}

absl::StatusOr<Decided> DecideConsent(const PersonState& state, const Fact& fact,
                                      const Context& context) {
  const event::v1::ConsentGiven& given = fact.consent_given();
  const Consent consent = AsGiven(given);
  Decided decided{fact, {}, {}};
  if (IsByExcluded(state, consent)) {
    const bool named = !given.representative_person_id().empty();
    const Reason reason = named ? Reason::kRepresentativeExcluded : Reason::kRepresentativeUnnamed;
    if (!context.imported) {
      return Reject(reason, named ? given.representative_person_id() : given.consent_id());
    }
    decided.data_quality.emplace_back(TextOf(reason).id);
  }
  if (!consent.by_self && MayBeChildOfOwnConsent(state.birth_year, context.occurred_at)) {
    decided.data_quality.emplace_back(TextOf(Reason::kChildConsentMissing).id);
  }
  return decided;
}

absl::StatusOr<Decided> DecideWithdrawal(const PersonState& state, const Fact& fact,
                                         const Context& context) {
  const std::string& withdrawn = fact.consent_withdrawn().consent_id();
  Decided decided{fact, {}, {}};
  PersonState after = state;
  const auto consent = after.consents.find(withdrawn);
  if (consent == after.consents.end() || consent->second.withdrawn)
    return decided;  // Check says so
  consent->second.withdrawn = true;
  const auto referrals =
      context.related->ReferralsOnConsent(context.record_id, withdrawn, context.occurred_at);
  if (!referrals.has_value()) return Reject(Reason::kConsentInTooManyCases, withdrawn);
  for (const ReferralOnConsent& referral : *referrals) {
    if (LosesItsGround(state, after, referral, withdrawn, context.occurred_at)) {
      decided.consequences.push_back(Loss(referral, withdrawn, context.occurred_at));
    }
  }
  return decided;
}

bool IsConsentInForce(const PersonState& state, std::string_view consent_id,
                      std::string_view purpose, std::string_view agency, Micros at) {
  const auto it = state.consents.find(std::string(consent_id));
  return it != state.consents.end() && IsInForce(state, it->second, purpose, agency, at);
}

std::optional<std::string> ConsentInForce(const PersonState& state, std::string_view purpose,
                                          std::string_view agency, Micros at,
                                          std::string_view preferred) {
  if (IsConsentInForce(state, preferred, purpose, agency, at)) return std::string(preferred);
  for (const auto& [key, consent] : state.consents) {
    if (IsInForce(state, consent, purpose, agency, at)) return key;
  }
  return std::nullopt;
}

}  // namespace caseledger::domain
