// What must hold of any accepted history of a case, found by plain scans over its facts in order of
// occurrence. Shares no code with the aggregate, so that a mistake there is not repeated here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/domain/event.h"

namespace caseledger::testing {

class HistoryOracle {
 public:
  // What is wrong with the history; empty: nothing.
  static std::vector<std::string> Violations(const std::vector<domain::DomainEvent>& in_order) {
    HistoryOracle oracle;
    for (const domain::DomainEvent& event : in_order) oracle.See(event);
    return oracle.violations_;
  }

 private:
  using Fact = domain::Fact;
  using Micros = domain::Micros;
  struct Offer {
    bool answered = false, finished = false;
    Micros expires = 0;
  };

  void See(const domain::DomainEvent& event) {
    const Fact& fact = *event.fact;
    if (!fact.has_case_opened() && !opened_) Wrong("before opening", event);
    SeeLife(event);
    SeeWork(event);
    SeeReferral(event);
    if (closed_ && IsWork(fact)) Wrong("work on a closed case", event);
  }

  static bool IsWork(const Fact& fact) {
    return fact.has_service_delivered() || fact.has_therapy_session_held() ||
           fact.has_emergency_started() || fact.has_referral_sent() ||
           fact.has_referral_forwarded() || fact.has_shelter_stay_opened() ||
           fact.has_participant_added() || fact.has_participant_removed() ||
           fact.has_contact_ban_issued() || fact.has_contact_ban_extended();
  }

  void SeeLife(const domain::DomainEvent& event) {
    const Fact& fact = *event.fact;
    if (fact.has_case_opened()) {
      if (opened_) Wrong("opened twice", event);
      opened_ = true;
    } else if (fact.has_case_closed()) {
      if (closed_) Wrong("closed twice", event);
      const auto& named = fact.case_closed().overridden_rules();
      const std::set<std::string> overridden(named.begin(), named.end());
      for (const std::string& blocker : Blockers(event.occurred_at)) {
        if (!overridden.contains(blocker)) Wrong("closed over " + blocker, event);
      }
      if (!overridden.empty() && fact.case_closed().override_reason().empty()) {
        Wrong("override without a reason", event);
      }
      closed_ = true;
    } else if (fact.has_case_reopened()) {
      if (!closed_) Wrong("reopened while open", event);
      closed_ = false;
    }
  }

  void SeeWork(const domain::DomainEvent& event) {
    const Fact& fact = *event.fact;
    if (fact.has_participant_added()) {
      if (!present_.insert(fact.participant_added().person_id()).second) Wrong("twice in", event);
    } else if (fact.has_participant_removed()) {
      const std::string& person = fact.participant_removed().person_id();
      if (present_.erase(person) == 0) Wrong("removed absent", event);
      for (const auto& [key, resident] : stays_) {
        if (resident == person) Wrong("removed resident", event);
      }
      for (const auto& [key, enrolled] : enrolled_) {
        if (enrolled == person) Wrong("removed enrolled", event);
      }
    } else if (fact.has_service_delivered()) {
      Use("service", fact.service_delivered().service_id(), event);
      for (const auto& person : fact.service_delivered().beneficiary_person_ids()) {
        if (!present_.contains(person)) Wrong("served absent", event);
      }
    } else if (fact.has_therapy_screened()) {
      Use("episode", fact.therapy_screened().episode_id(), event);
      screened_[fact.therapy_screened().episode_id()] = fact.therapy_screened().person_id();
    } else if (fact.has_therapy_enrolled()) {
      Use("enrolment", fact.therapy_enrolled().episode_id(), event);
      enrolled_[fact.therapy_enrolled().episode_id()] =
          screened_[fact.therapy_enrolled().episode_id()];
    } else if (fact.has_therapy_session_held()) {
      Use("session", fact.therapy_session_held().session_id(), event);
      if (!enrolled_.contains(fact.therapy_session_held().episode_id())) {
        Wrong("session while not enrolled", event);
      }
    } else if (fact.has_therapy_ended()) {
      Use("end", fact.therapy_ended().episode_id(), event);
      enrolled_.erase(fact.therapy_ended().episode_id());
    } else if (fact.has_emergency_started()) {
      Use("emergency", fact.emergency_started().emergency_id(), event);
      emergencies_.insert(fact.emergency_started().emergency_id());
    } else if (fact.has_emergency_ended()) {
      if (emergencies_.erase(fact.emergency_ended().emergency_id()) == 0) {
        Wrong("ended what does not run", event);
      }
    } else if (fact.has_shelter_stay_opened()) {
      const event::v1::ShelterStayOpened& opened = fact.shelter_stay_opened();
      Use("stay", opened.placement_id(), event);
      for (const auto& [key, resident] : stays_) {
        if (resident == opened.person_id()) Wrong("two open stays", event);
      }
      stays_[opened.placement_id()] = opened.person_id();
    } else if (fact.has_shelter_stay_closed()) {
      if (stays_.erase(fact.shelter_stay_closed().placement_id()) == 0) {
        Wrong("closed no stay", event);
      }
    } else if (fact.has_contact_ban_issued()) {
      const event::v1::ContactBanIssued& issued = fact.contact_ban_issued();
      Use("measure", issued.measure_id(), event);
      bans_[issued.measure_id()] = {domain::ToMicros(issued.from_time()),
                                    domain::ToMicros(issued.to_time())};
    } else if (fact.has_contact_ban_extended()) {
      auto& [from, to] = bans_[fact.contact_ban_extended().measure_id()];
      const Micros until = domain::ToMicros(fact.contact_ban_extended().to_time());
      if (event.occurred_at < from || event.occurred_at >= to) Wrong("extended ended ban", event);
      if (until - to > Micros{3} * 86'400'000'000) Wrong("extension too long", event);
      to = until;
    } else if (fact.has_contact_ban_lifted()) {
      if (bans_.erase(fact.contact_ban_lifted().measure_id()) == 0) Wrong("lifted no ban", event);
    }
  }

  void SeeReferral(const domain::DomainEvent& event) {
    const Fact& fact = *event.fact;
    if (fact.has_referral_sent()) {
      Use("referral", fact.referral_sent().referral_id(), event);
      offers_[fact.referral_sent().referral_id()].expires =
          domain::ToMicros(fact.referral_sent().expire_time());
    } else if (fact.has_referral_accepted()) {
      Offer& offer = offers_[fact.referral_accepted().referral_id()];
      if (offer.answered) Wrong("answered twice", event);
      if (offer.expires != 0 && event.occurred_at >= offer.expires) Wrong("too late", event);
      offer.answered = true;
    } else if (fact.has_referral_expired()) {
      Offer& offer = offers_[fact.referral_expired().referral_id()];
      if (offer.answered || event.occurred_at < offer.expires) Wrong("expired early", event);
      offer.answered = offer.finished = true;
    } else if (fact.has_referral_consent_lost()) {
      Offer& offer = offers_[fact.referral_consent_lost().referral_id()];
      const bool over = !offer.answered && offer.expires != 0 && event.occurred_at >= offer.expires;
      if (offer.finished || over) Wrong("lost what was over", event);
      offer.answered = offer.finished = true;
    } else if (fact.has_referral_completed()) {
      Finish(fact.referral_completed().referral_id(), event);
    } else if (fact.has_referral_forwarded()) {
      Finish(fact.referral_forwarded().referral_id(), event);
      Use("referral", fact.referral_forwarded().new_referral_id(), event);
      offers_[fact.referral_forwarded().new_referral_id()] = Offer{};
    }
  }

  void Finish(const std::string& key, const domain::DomainEvent& event) {
    Offer& offer = offers_[key];
    if (!offer.answered || offer.finished) Wrong("finished what is not active", event);
    offer.finished = true;
  }

  std::set<std::string> Blockers(Micros at) const {
    std::set<std::string> blockers;
    if (!stays_.empty()) blockers.insert("OPEN_SHELTER_STAY");
    if (!emergencies_.empty()) blockers.insert("EMERGENCY_RUNNING");
    for (const auto& [key, offer] : offers_) {
      const bool over = offer.expires != 0 && at >= offer.expires;
      if (!offer.answered && !over) blockers.insert("REFERRAL_PENDING");
      if (offer.answered && !offer.finished) blockers.insert("REFERRAL_ACTIVE");
    }
    for (const auto& [key, times] : bans_) {
      if (times.first <= at && at < times.second) blockers.insert("CONTACT_BAN_IN_FORCE");
    }
    return blockers;
  }

  void Use(const std::string& what, const std::string& key, const domain::DomainEvent& event) {
    if (!used_.insert(what + "/" + key).second) Wrong("key used twice", event);
  }

  void Wrong(const std::string& what, const domain::DomainEvent& event) {
    violations_.push_back(absl::StrCat(event.event_id, ": ", what));
  }

  bool opened_ = false;
  bool closed_ = false;
  std::set<std::string> present_, emergencies_, used_;
  std::map<std::string, std::string> screened_, enrolled_, stays_;  // key -> person
  std::map<std::string, std::pair<Micros, Micros>> bans_;
  std::map<std::string, Offer> offers_;
  std::vector<std::string> violations_;
};

}  // namespace caseledger::testing
