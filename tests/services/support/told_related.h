// Facts of other records, as a test tells them. By default nothing stands in the way: cases are
// open, everybody takes part, agencies take new work, nobody is merged away.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/context.h"

namespace caseledger::domain::testing {

struct ToldRelated final : Related {
  std::set<std::string> closed_cases;
  std::set<std::string> strangers;  // persons who take part in no case
  std::set<std::string> merged_away;
  std::set<std::string> retired_agencies;
  // Whoever asks, and whenever; nullopt: too many.
  std::optional<std::vector<ReferralOnConsent>> referrals_on_consent =
      std::vector<ReferralOnConsent>();

  std::set<std::string> restricted;
  std::set<std::string> erased;
  // Whoever asks; nullopt: too many records.
  std::optional<ErasureReach> erasure_reach = ErasureReach();
  std::optional<RecordsOfErased> records_of_erased = RecordsOfErased();
  RetentionVerdict retention;                            // whoever asks
  std::map<std::string, std::vector<std::string>> keys;  // by person or other record

  std::optional<std::string> ConsentInForce(std::string_view, std::string_view, std::string_view,
                                            std::string_view, Micros) const override {
    return std::nullopt;
  }
  bool IsMergedAway(std::string_view person_id, Micros) const override {
    return merged_away.contains(std::string(person_id));
  }
  bool IsParticipant(std::string_view, std::string_view person_id, Micros) const override {
    return !strangers.contains(std::string(person_id));
  }
  bool IsCaseOpen(std::string_view case_id, Micros) const override {
    return !closed_cases.contains(std::string(case_id));
  }
  bool IsAgencyActive(std::string_view agency_id, Micros) const override {
    return !retired_agencies.contains(std::string(agency_id));
  }
  std::optional<std::vector<ReferralOnConsent>> ReferralsOnConsent(std::string_view,
                                                                   std::string_view,
                                                                   Micros) const override {
    return referrals_on_consent;
  }
  int BirthYear(std::string_view, Micros) const override { return 0; }
  bool IsRestricted(std::string_view person_id, Micros) const override {
    return restricted.contains(std::string(person_id));
  }
  bool IsErased(std::string_view person_id) const override {
    return erased.contains(std::string(person_id));
  }
  std::optional<ErasureReach> ReachOfErasure(std::string_view) const override {
    return erasure_reach;
  }
  std::optional<RecordsOfErased> RecordsOfNobodyElse(
      const std::vector<std::string>&) const override {
    return records_of_erased;
  }
  // Every rule applies and keeps nothing, but one that is called `unknown`.
  std::optional<RetentionVerdict> RetentionOf(std::string_view, std::string_view rule,
                                              Micros) const override {
    RetentionVerdict verdict = retention;
    verdict.applies = rule != "unknown";
    return verdict;
  }
  std::vector<std::string> KeyFingerprintsIn(RecordKind, std::string_view record_id,
                                             const std::vector<std::string>&) const override {
    return KeyFingerprints(record_id);
  }
  std::vector<std::string> KeyFingerprints(std::string_view person_id) const override {
    const auto it = keys.find(std::string(person_id));
    return it == keys.end() ? std::vector<std::string>() : it->second;
  }
};

}  // namespace caseledger::domain::testing
