// How a caller stands to a record: the relations that rules speak of, and on what showing it to the
// caller's agency rests. Folded from the log, never from a read model: a right that ended is gone
// with the event that ended it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "services/access/call.h"
#include "services/access/rules/rules.h"
#include "services/commands/aggregates.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/context.h"
#include "services/domain/person/person.h"

namespace caseledger::commands {

// A referral that gives the caller's agency access, and what that rests on.
struct ReferralBasis {
  std::string referral_id;
  std::string person_id;
  std::string consent_id;   // in force; else
  std::string legal_basis;  // of the referral
  std::vector<std::string> shared_fields;
};

struct Standing {
  bool exists = false;  // begun, and its beginning not voided
  access::Relations relations;
  // The record is the agency's own business, or a consent or legal basis covers showing it.
  bool consent = false;
  std::vector<ReferralBasis> referrals;  // active ones to the caller's agency, with their grounds
  std::string owner_agency;              // of a case
};

// Not thread-safe; lives for one question or decision. `view` and `aggregates` must outlive it.
class Standings {
 public:
  // `referral_grace`: how long a completed referral still gives access.
  Standings(eventstore::LedgerView& view, Aggregates& aggregates, domain::Micros now,
            domain::Micros referral_grace)
      : view_(view), aggregates_(aggregates), now_(now), referral_grace_(referral_grace) {}

  // DATA_LOSS and the like when the log cannot be read. A record that does not exist has no
  // relations.
  absl::StatusOr<Standing> To(const access::Call& call, const eventstore::StreamId& record);

  // To a record that `fact` is about to begin, as if it had.
  static Standing ToProposed(const access::Call& call, const domain::Fact& fact,
                             std::string_view record_name);

  // The cases that a person takes part in, or that a contact belongs to; the case itself. At most
  // 256: nobody stands to a record through more.
  absl::StatusOr<std::vector<eventstore::StreamId>> CasesOf(const eventstore::StreamId& record);

 private:
  using StreamId = eventstore::StreamId;

  absl::StatusOr<Standing> ToCase(const access::Call& call, const StreamId& record);
  absl::StatusOr<Standing> ToPerson(const access::Call& call, const StreamId& record);
  absl::StatusOr<Standing> ToContact(const access::Call& call, const StreamId& record);
  absl::StatusOr<Standing> ToShelter(const access::Call& call, const StreamId& record);
  absl::StatusOr<Standing> ToOther(const access::Call& call, const StreamId& record);

  // What the case says of the caller. `person`: only what concerns that person; null: all.
  absl::Status AddCase(const access::Call& call, const domain::CaseState& state,
                       const std::string* person, Standing& standing);
  absl::Status AddReferral(const access::Call& call, const std::string& key,
                           const domain::Referral& referral, Standing& standing);
  absl::Status AddStays(const access::Call& call, const domain::CaseState& state,
                        const std::string* person, Standing& standing);
  absl::Status AddForwardedReports(const access::Call& call, const StreamId& contact,
                                   Standing& standing);
  absl::StatusOr<std::string> AgencyOfShelter(const std::string& shelter_id);
  // The consent that covers the person towards the agency for one of the purposes, or "".
  absl::StatusOr<std::string> ConsentFor(const std::string& person_id, const std::string& agency,
                                         std::initializer_list<std::string_view> purposes,
                                         const std::string& only);

  eventstore::LedgerView& view_;
  Aggregates& aggregates_;
  const domain::Micros now_;
  const domain::Micros referral_grace_;
};

}  // namespace caseledger::commands
