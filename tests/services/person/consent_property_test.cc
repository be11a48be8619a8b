// Random histories against a naive telling of when a consent is in force: by the facts alone, asked
// of each hour anew.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/domain/person/person.h"
#include "tests/services/support/property.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::Record;
using testing::Step;
using testing::Time;

constexpr int kHours = 40;

// At full size from the first run on: RapidCheck's small early ranges would only try the first
// keys.
int Any(int from, int to) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to)); }

struct Told {
  DomainEvent given;
  bool excluded_then = false;
};

// The facts of up to `hours`, one after the other.
class Naive {
 public:
  Naive(const std::vector<DomainEvent>& in_order, double hours) : hours_(hours) {
    for (const DomainEvent& event : in_order) {
      if (event.occurred_at <= At(hours)) Hear(event);
    }
  }

  std::set<std::string> InForce(const std::string& agency) const {
    std::set<std::string> keys;
    for (const auto& [key, told] : consents_) {
      if (!Yes(key, told, agency)) continue;
      const bool child = birth_year_ != 0 && 2024 - birth_year_ >= 7 && 2024 - birth_year_ <= 18;
      const std::string by = Fact(told).given_by();
      if (!child || told.given.imported || by == "self_and_representative") {
        keys.insert(key);
        continue;
      }
      for (const auto& [other_key, other] : consents_) {
        const std::string other_by = Fact(other).given_by();
        const bool is_other_side =
            by == "self" ? other_by != "self"
                         : other_by == "self" || other_by == "self_and_representative";
        if (is_other_side && Yes(other_key, other, agency)) keys.insert(key);
      }
    }
    return keys;
  }

 private:
  static const event::v1::ConsentGiven& Fact(const Told& told) {
    return told.given.fact->consent_given();
  }

  bool IsExcluded(const event::v1::ConsentGiven& given) const {
    if (given.given_by() == "self") return false;
    if (given.representative_person_id().empty()) return !excluded_.empty();
    return excluded_.contains(given.representative_person_id());
  }

  void Hear(const DomainEvent& event) {
    const auto& fact = *event.fact;
    if (fact.has_person_registered()) {
      birth_year_ = static_cast<int>(fact.person_registered().attributes().birth_year());
    } else if (fact.has_person_amended()) {
      birth_year_ = static_cast<int>(fact.person_amended().attributes().birth_year());
    } else if (fact.has_consent_given()) {
      const auto& given = fact.consent_given();
      consents_[given.consent_id()] = {event, IsExcluded(given)};
    } else if (fact.has_consent_withdrawn()) {
      withdrawn_.insert(fact.consent_withdrawn().consent_id());
    } else if (fact.has_representative_excluded()) {
      excluded_[fact.representative_excluded().representative_person_id()] = event.revision;
    } else if (fact.has_representative_appointed() && !event.imported) {
      const auto it = excluded_.find(fact.representative_appointed().representative_person_id());
      if (it != excluded_.end() && it->second < event.revision) excluded_.erase(it);
    }
  }

  bool Yes(const std::string& key, const Told& told, const std::string& agency) const {
    const auto& given = Fact(told);
    if (withdrawn_.contains(key) || told.excluded_then || IsExcluded(given)) return false;
    if (given.has_expire_time() && given.expire_time().seconds() <= At(hours_) / 1'000'000) {
      return false;
    }
    const std::string& to = given.recipient_agency_id();
    return given.purposes(0) == "sharing" && (to.empty() || to == agency);
  }

  double hours_;
  int birth_year_ = 0;
  std::map<std::string, Told> consents_;
  std::set<std::string> withdrawn_;
  std::map<std::string, uint64_t> excluded_;  // -> revision
};

std::string AConsent(int hour) {
  std::string text = absl::StrCat(
      "consent_given { consent_id: 'c", Any(0, 5), "' purposes: '",
      *rc::gen::element("sharing", "sharing", "sharing", "shelter"), "' given_by: '",
      *rc::gen::element("self", "parent", "guardian", "representative", "self_and_representative"),
      "' ");
  if (*rc::gen::arbitrary<bool>()) {
    absl::StrAppend(&text, "representative_person_id: 'r", Any(0, 2), "' ");
  }
  if (Any(0, 3) == 0) {
    absl::StrAppend(&text, "recipient_agency_id: '", *rc::gen::element("bv", "school"), "' ");
  }
  if (Any(0, 3) == 0) {
    absl::StrAppend(&text, "expire_time", Time(hour + Any(1, 20)));
  }
  return text + "}";
}

std::string AFact(int hour) {
  switch (Any(0, 8)) {
    case 0:
      return absl::StrCat("consent_withdrawn { consent_id: 'c", Any(0, 5), "' }");
    case 1:
      return absl::StrCat("representative_excluded { representative_person_id: 'r", Any(0, 2),
                          "' }");
    case 2:
      return absl::StrCat("representative_appointed { representative_person_id: 'r", Any(0, 2),
                          "' }");
    case 3:
      return absl::StrCat("person_amended { attributes { birth_year: ",
                          *rc::gen::element(0, 2018, 2017, 2014, 2006, 2005), " } }");
    default:
      return AConsent(hour);
  }
}

RC_GTEST_PROP(ConsentInForce, IsWhatANaiveTellingOfTheHistorySays, ()) {
  Record<PersonState> record("child", DecidePerson);
  const int year = *rc::gen::element(0, 2018, 2017, 2014, 2006, 2005);
  RC_ASSERT(
      record.Try({-1, absl::StrCat("person_registered { attributes { birth_year: ", year, " } }")})
          .ok());
  const int facts = Any(1, 30);
  for (int i = 0; i < facts; ++i) {
    const int hour = Any(0, kHours);
    Step step{static_cast<double>(hour), AFact(hour), "ctxh-qn", {}};
    if (*rc::gen::arbitrary<bool>()) step.roles = {"supervisor"};
    step.imported = Any(0, 4) == 0;
    (void)record.Try(step);
  }
  bool any = false;
  for (int hour = 0; hour <= kHours; ++hour) {
    const PersonState state = record.StateAt(hour);
    for (const std::string agency : {"bv", "school", ""}) {
      const std::set<std::string> expected =
          Naive(record.timeline().in_order(), hour).InForce(agency);
      const auto found = ConsentInForce(state, "sharing", agency, At(hour));
      RC_ASSERT(found ==
                (expected.empty() ? std::nullopt : std::optional<std::string>(*expected.begin())));
      for (const std::string key : {"c0", "c1", "c2", "c3", "c4"}) {
        RC_ASSERT(IsConsentInForce(state, key, "sharing", agency, At(hour)) ==
                  expected.contains(key));
      }
      any = any || found.has_value();
    }
  }
  RC_TAG(any ? "some in force" : "none in force");
}

}  // namespace
}  // namespace caseledger::domain
