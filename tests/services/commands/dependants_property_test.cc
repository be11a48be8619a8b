// Random consents, referrals, corrections and voids of two records: every referral in force rests
// on a consent in force that allows it.
#include <algorithm>
#include <map>

#include "tests/services/commands/centre.h"
#include "tests/services/support/property.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

constexpr int kPerson = 1;
constexpr int kCase = 100;
constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;

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

// A correction or void of any event of the record's.
void Change(Centre& centre, RecordKind kind, int record) {
  const auto events = centre.Stream(kind, Id(record));
  const auto& target = events[*rc::gen::inRange<size_t>(0, events.size())];
  const int hour = *rc::gen::inRange(2, 30);
  const std::string id = target.event_id.ToString();
  if (*rc::gen::arbitrary<bool>()) {
    centre.Void(kind, Id(record), id).status().IgnoreError();
  } else if (kind == kPersonKind) {
    centre.Correct(Id(record), id, AConsent(*rc::gen::inRange(0, 4)), Worker(), hour)
        .status()
        .IgnoreError();
  } else {
    centre.Correct(Id(record), id, AReferral(*rc::gen::inRange(0, 4)), Worker(), hour)
        .status()
        .IgnoreError();
  }
}

// Told by the histories alone, without the code that decides.
int CheckReferralsRestOnConsents(Centre& centre) {
  std::map<std::string, domain::DomainEvent> consents;
  const domain::Timeline person = centre.History(kPersonKind, Id(kPerson));
  for (const domain::DomainEvent& event : person.in_order()) {
    if (event.fact->has_consent_given()) {
      consents[event.fact->consent_given().consent_id()] = event;
    }
  }
  int referrals = 0;
  const domain::Timeline record = centre.History(kCaseKind, Id(kCase));
  for (const domain::DomainEvent& event : record.in_order()) {
    if (!event.fact->has_referral_sent()) continue;
    ++referrals;
    const auto found = consents.find(event.fact->referral_sent().consent_id());
    RC_ASSERT(found != consents.end());
    const event::v1::ConsentGiven& consent = found->second.fact->consent_given();
    RC_ASSERT(found->second.occurred_at <= event.occurred_at);
    RC_ASSERT(consent.purposes(0) == "sharing");
    RC_ASSERT(consent.recipient_agency_id().empty() || consent.recipient_agency_id() == "hospital");
  }
  return referrals;
}

RC_GTEST_PROP(Dependants, EveryReferralInForceRestsOnAConsentThatAllowsIt, ()) {
  Centre centre;
  centre.RegisterAgencies();
  centre.RegisterPerson(kPerson);
  centre.OpenCase(kCase, {kPerson});
  int most = 0;
  const int commands = *rc::gen::inRange(1, 40);
  for (int i = 0; i < commands; ++i) {
    const int hour = *rc::gen::inRange(2, 30);
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
      case 1:
        centre.Try(Id(kPerson), hour, AConsent(*rc::gen::inRange(0, 4))).status().IgnoreError();
        break;
      case 2:
        centre.Try(Id(kCase), hour, AReferral(*rc::gen::inRange(0, 4))).status().IgnoreError();
        break;
      case 3:
        Change(centre, kPersonKind, kPerson);
        break;
      default:
        Change(centre, kCaseKind, kCase);
    }
    most = std::max(most, CheckReferralsRestOnConsents(centre));
  }
  RC_TAG(most > 0 ? "sent referrals" : "sent none");
}

}  // namespace
}  // namespace caseledger::testing
