// What other records say, for decisions: domain::Related over the ledger view.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/uuid.h"
#include "eventstore/log.h"
#include "services/commands/aggregates.h"
#include "services/commands/erasure_keys.h"
#include "services/domain/case_record/referrals.h"
#include "services/domain/context.h"

namespace caseledger::commands {

// Not thread-safe; lives for one decision. A failure to read is kept in status() and must be looked
// at afterwards: the answers given meanwhile are worthless.
class RelatedRecords final : public domain::Related {
 public:
  // `keys` may be null: then nothing can be erased.
  RelatedRecords(eventstore::LedgerView& view, Aggregates& aggregates, ErasureKeys* keys = nullptr)
      : view_(view), aggregates_(aggregates), keys_(keys) {}

  std::optional<std::string> ConsentInForce(std::string_view person_id, std::string_view purpose,
                                            std::string_view agency, std::string_view preferred,
                                            domain::Micros at) const override;
  bool IsMergedAway(std::string_view person_id, domain::Micros at) const override;
  bool IsParticipant(std::string_view case_id, std::string_view person_id,
                     domain::Micros at) const override;
  bool IsCaseOpen(std::string_view case_id, domain::Micros at) const override;
  bool IsAgencyActive(std::string_view agency_id, domain::Micros at) const override;
  // Cases of more than 1,000 that name the person, or more referrals, are too many.
  std::optional<std::vector<domain::ReferralOnConsent>> ReferralsOnConsent(
      std::string_view person_id, std::string_view withdrawn, domain::Micros at) const override;
  int BirthYear(std::string_view person_id, domain::Micros at) const override;
  bool IsRestricted(std::string_view person_id, domain::Micros at) const override;
  bool IsErased(std::string_view person_id) const override;
  // At most 1,000 records merged into the person, and 1,000 cases that name any of them.
  std::optional<domain::ErasureReach> ReachOfErasure(std::string_view person_id) const override;
  // Without keys to ask, status() is ERASURE_KEYS_UNAVAILABLE.
  std::vector<std::string> KeyFingerprints(std::string_view person_id) const override;
  // At most 1,000 records merged into the person, and 1,000 cases of each.
  std::optional<domain::RetentionVerdict> RetentionOf(std::string_view person_id,
                                                      std::string_view rule,
                                                      domain::Micros at) const override;
  // At most 1,000 cases and 1,000 contacts.
  std::optional<domain::RecordsOfErased> RecordsOfNobodyElse(
      const std::vector<std::string>& person_ids) const override;
  std::vector<std::string> KeyFingerprintsIn(
      domain::RecordKind kind, std::string_view record_id,
      const std::vector<std::string>& person_ids) const override;

  // The facts in force by which the person's referrals ended with the consent, each with its time,
  // by case. FAILED_PRECONDITION when too many cases name the person.
  absl::StatusOr<std::vector<domain::ProposedFact>> ReferralsLost(
      const std::string& person_id, const std::string& consent_id) const;

  // Answers as if that request had never been made, for judging what a correction puts in the place
  // of its events: a merge stands in the other person's stream too, and must not forbid itself.
  void LeaveOut(const Uuid& request_id) { left_out_ = request_id; }

  // The same for the withdrawal of that consent: as if it had ended no referral.
  void LeaveOutEndsBy(const std::string& consent_id) { ends_left_out_ = consent_id; }

  // Answers as if the record's effective facts were these, in order of occurrence. They must
  // outlive this.
  void Replace(const eventstore::StreamId& record,
               const std::vector<domain::DomainEvent>& in_order) {
    replaced_ = record;
    in_order_ = &in_order;
  }

  const absl::Status& status() const { return status_; }

 private:
  template <typename State, typename Use>
  void WithState(domain::RecordKind kind, std::string_view id, domain::Micros at, Use use) const;

  // The person, then every record merged into it as of `at`, through others too; nullopt when there
  // are too many.
  std::optional<std::vector<std::string>> RecordsOf(std::string_view person_id,
                                                    domain::Micros at) const;
  void AddObstacles(const eventstore::StreamId& record, const std::vector<std::string>& persons,
                    domain::ErasureReach& reach) const;
  // Those that name the person, in order; nullopt when there are too many.
  absl::StatusOr<std::optional<std::vector<eventstore::StreamId>>> CasesOf(
      std::string_view person_id) const;
  // Records of the kind that name `record`; nullopt when there are too many.
  absl::StatusOr<std::optional<std::vector<eventstore::StreamId>>> ReferrersOf(
      const eventstore::StreamId& record, domain::RecordKind kind) const;
  absl::StatusOr<std::optional<domain::RecordsOfErased>> FindRecordsOfNobodyElse(
      const std::vector<std::string>& person_ids) const;
  std::vector<std::string> ToTexts(const absl::StatusOr<std::vector<Hash256>>& keys) const;
  absl::StatusOr<domain::Referrals> ReferralsOf(const eventstore::StreamId& record,
                                                std::string_view person_id,
                                                std::string_view withdrawn) const;

  eventstore::LedgerView& view_;
  Aggregates& aggregates_;
  ErasureKeys* const keys_;
  std::optional<Uuid> left_out_;
  std::optional<std::string> ends_left_out_;
  std::optional<eventstore::StreamId> replaced_;
  const std::vector<domain::DomainEvent>* in_order_ = nullptr;  // of the one replaced
  mutable absl::Status status_;
};

}  // namespace caseledger::commands
