// Random consents, withdrawals, referrals, corrections and voids of two records: every referral in
// force rests on a consent that allowed it, and every end of one on a withdrawal in force.
#include <algorithm>
#include <map>
#include <set>

#include "tests/services/commands/centre.h"
#include "tests/services/support/property.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

constexpr int kPerson = 1;
constexpr int kCase = 100;
constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;

// At full size from the first run on: RapidCheck's small early ranges would only try the first
// keys.
int Any(int from, int to) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to)); }

std::string AConsent(int key) {
  const auto* const purpose = *rc::gen::element("sharing", "sharing", "statistics");
  const auto* const towards = *rc::gen::element("", "", "hospital", "hotline");
  std::string text = absl::StrCat("consent_given { consent_id: 'c", key, "' purposes: '", purpose,
                                  "' given_by: 'self' ");
  if (*towards != '\0') absl::StrAppend(&text, "recipient_agency_id: '", towards, "' ");
  return text + "}";
}

std::string AReferral(int key) {
  return absl::StrCat("referral_sent { referral_id: 'r", key, "' person_id: '", Id(kPerson),
                      "' from_agency_id: 'hotline' to_agency_id: 'hospital' service: "
                      "'health_medical' }");
}

std::string AWithdrawal(int key) {
  return absl::StrCat("consent_withdrawn { consent_id: 'c", key, "' }");
}

// A correction or void of any event of the record's but those it was prepared with: without them
// nothing would happen any more.
void Change(Centre& centre, RecordKind kind, int record) {
  const auto events = centre.Stream(kind, Id(record));
  const int prepared = kind == kPersonKind ? 1 : 2;
  if (static_cast<int>(events.size()) <= prepared) return;
  const auto& target = events[static_cast<size_t>(Any(prepared, static_cast<int>(events.size())))];
  const int hour = Any(2, 30);
  const std::string id = target.event_id.ToString();
  if (*rc::gen::arbitrary<bool>()) {
    RC_ASSERT(!absl::IsInternal(centre.Void(kind, Id(record), id).status()));
  } else if (kind == kPersonKind) {
    const bool withdrawn = target.fact_type == event::v1::Fact::kConsentWithdrawn;
    const int key = Any(0, 4);
    centre.Correct(Id(record), id, withdrawn ? AWithdrawal(key) : AConsent(key), Worker(), hour)
        .status()
        .IgnoreError();
  } else {
    centre.Correct(Id(record), id, AReferral(Any(0, 4)), Worker(), hour).status().IgnoreError();
  }
}

// Told by the histories alone, without the code that decides. A consent that was withdrawn before
// the referral was sent carries it no more, so what it says may change; then the referral has
// ended.
int CheckReferralsRestOnConsents(Centre& centre) {
  std::map<std::string, domain::DomainEvent> consents;
  std::map<std::string, domain::Micros> withdrawn;
  const domain::Timeline person = centre.History(kPersonKind, Id(kPerson));
  for (const domain::DomainEvent& event : person.in_order()) {
    if (event.fact->has_consent_given()) {
      consents[event.fact->consent_given().consent_id()] = event;
    } else if (event.fact->has_consent_withdrawn()) {
      withdrawn[event.fact->consent_withdrawn().consent_id()] = event.occurred_at;
    }
  }
  const domain::Timeline record = centre.History(kCaseKind, Id(kCase));
  std::set<std::string> ended;
  for (const domain::DomainEvent& event : record.in_order()) {
    if (event.fact->has_referral_consent_lost()) {
      ended.insert(event.fact->referral_consent_lost().referral_id());
    }
  }
  int referrals = 0;
  for (const domain::DomainEvent& event : record.in_order()) {
    if (!event.fact->has_referral_sent()) continue;
    ++referrals;
    const event::v1::ReferralSent& sent = event.fact->referral_sent();
    const auto found = consents.find(sent.consent_id());
    RC_ASSERT(found != consents.end());
    const auto end = withdrawn.find(sent.consent_id());
    if (end != withdrawn.end() && end->second <= event.occurred_at) {
      RC_ASSERT(ended.contains(sent.referral_id()));
      continue;
    }
    const event::v1::ConsentGiven& consent = found->second.fact->consent_given();
    RC_ASSERT(found->second.occurred_at <= event.occurred_at);
    RC_ASSERT(consent.purposes(0) == "sharing");
    RC_ASSERT(consent.recipient_agency_id().empty() || consent.recipient_agency_id() == "hospital");
  }
  return referrals;
}

// Each end stands on a withdrawal in force of that consent, not before it; and what was withdrawn
// last leaves nothing open. The number of ends.
int CheckEndsFollowFromWithdrawals(Centre& centre, const std::string& just_withdrawn) {
  std::map<std::string, domain::Micros> withdrawn;
  const domain::Timeline person = centre.History(kPersonKind, Id(kPerson));
  for (const domain::DomainEvent& event : person.in_order()) {
    if (event.fact->has_consent_withdrawn()) {
      withdrawn[event.fact->consent_withdrawn().consent_id()] = event.occurred_at;
    }
  }
  int ends = 0;
  std::map<std::string, std::string> open;  // referral -> consent
  const domain::Timeline record = centre.History(kCaseKind, Id(kCase));
  for (const domain::DomainEvent& event : record.in_order()) {
    if (event.fact->has_referral_sent()) {
      const event::v1::ReferralSent& sent = event.fact->referral_sent();
      open[sent.referral_id()] = sent.consent_id();
    } else if (event.fact->has_referral_consent_lost()) {
      const event::v1::ReferralConsentLost& lost = event.fact->referral_consent_lost();
      ++ends;
      RC_ASSERT(withdrawn.contains(lost.consent_id()));
      RC_ASSERT(withdrawn[lost.consent_id()] <= event.occurred_at);
      RC_ASSERT(open.erase(lost.referral_id()) == 1u);
    }
  }
  for (const auto& [referral, consent] : open) RC_ASSERT(consent != just_withdrawn);
  return ends;
}

RC_GTEST_PROP(Dependants, EveryReferralInForceRestsOnAConsentThatAllowsIt, ()) {
  CentreOptions options;
  options.trail = false;
  Centre centre(options);
  centre.RegisterAgencies();
  centre.RegisterPerson(kPerson);
  centre.OpenCase(kCase, {kPerson});
  int most = 0;
  int most_ends = 0;
  const int commands = Any(1, 40);
  for (int i = 0; i < commands; ++i) {
    const int hour = Any(2, 30);
    std::string just_withdrawn;
    switch (Any(0, 6)) {
      case 0:
      case 1:
        centre.Try(Id(kPerson), hour, AConsent(Any(0, 4))).status().IgnoreError();
        break;
      case 2:
        centre.Try(Id(kCase), hour, AReferral(Any(0, 4))).status().IgnoreError();
        break;
      case 3:
        Change(centre, kPersonKind, kPerson);
        break;
      case 4: {
        const int key = Any(0, 4);
        const auto result = centre.Try(Id(kPerson), hour, AWithdrawal(key));
        RC_ASSERT(!absl::IsInternal(result.status()));
        if (result.ok()) just_withdrawn = absl::StrCat("c", key);
        break;
      }
      default:
        Change(centre, kCaseKind, kCase);
    }
    most = std::max(most, CheckReferralsRestOnConsents(centre));
    most_ends = std::max(most_ends, CheckEndsFollowFromWithdrawals(centre, just_withdrawn));
  }
  RC_TAG(most == 0 ? "sent none" : most_ends == 0 ? "sent referrals" : "ended some with a consent");
}

}  // namespace
}  // namespace caseledger::testing
