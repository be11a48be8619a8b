// A person: pseudonyms and unknown names allowed, no document required.
//
// Invariants
//  1. A person is registered once and first.
//  2. Keys of identifiers and consents are used once; a consent is withdrawn at most once.
//  3. An exclusion of a representative can always be recorded, also late. It stands until a
//     supervisor who could know of it appoints them anew: a guardian may be the abuser.
//  4. A consent for the person by a representative who is excluded is not in force while they are;
//     nor is one by somebody unnamed while anyone is. What was given during an exclusion never is.
//  5. For whoever may be a child of seven or more, child and carer agree: the consent of one alone
//     is in force only together with the other's. Imported ones stand alone.
//  6. At most one stay in a shelter is open at a time, also of a human with several records: a
//     record with an open stay is not merged away.
//  7. A record merged away takes no facts but the reversal of a merge, withdrawals, exclusions, and
//     what ends a request or a restriction. It is erased with the record that goes on.
//  8. Nothing personal is added to a person who was erased, also nothing that occurred before.
//  Those
//     of requests, restrictions and erasures are in privacy.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"
#include "services/domain/person/privacy.h"

namespace caseledger::domain {

struct PersonState {
  static constexpr uint32_t kVersion = 4;

  struct Consent {
    std::set<std::string> purposes;
    std::string recipient_agency_id;       // "": towards anyone
    std::string representative_person_id;  // who acted for the person; "": nobody or unnamed
    bool by_self = false;                  // the person agreed, alone or beside who acts for them
    bool by_other = false;                 // somebody agreed for the person, alone or beside them
    bool imported = false;
    Micros given_at = 0;
    Micros expires_at = 0;  // 0: until withdrawn
    bool withdrawn = false;
    bool by_excluded = false;  // who gave it was excluded then, or may have been

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(purposes, recipient_agency_id, representative_person_id, by_self, by_other, imported,
              given_at, expires_at, withdrawn, by_excluded);
    }
  };
  struct Stay {
    std::string shelter_id;
    std::string placement_id;

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(shelter_id, placement_id);
    }
  };

  bool registered = false;
  std::string registered_by;                   // agency
  int birth_year = 0;                          // 0: unknown
  std::set<std::string> identifiers;           // keys
  std::set<std::string> representatives;       // persons appointed
  std::map<std::string, uint64_t> exclusions;  // person excluded -> revision of the exclusion
  std::map<std::string, Consent> consents;
  std::optional<Stay> open_stay;
  std::optional<std::string> merged_into;   // the record that goes on
  std::set<std::string> merged_person_ids;  // records that stand for this one
  DataRequests requests;
  Erasure erasure;
  Restrictions restrictions;

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return registered; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(registered, registered_by, birth_year, identifiers, representatives, exclusions,
            consents, open_stay, merged_into, merged_person_ids, requests, erasure, restrictions);
  }

 private:
  void ApplyAppointment(const DomainEvent& event);
  void ApplyMerge(const DomainEvent& event);
  void ApplyReversal(const DomainEvent& event);
  absl::Status CheckRecord(const DomainEvent& event) const;
  absl::Status CheckConsent(const DomainEvent& event) const;
  absl::Status CheckWithdrawal(const std::string& consent_id) const;
  absl::Status CheckMerge(const DomainEvent& event) const;
  absl::Status CheckReversal(const DomainEvent& event) const;
  absl::Status CheckStayFinished(const event::v1::StayFinished& finished) const;
};

// Pure: same arguments, same answer. `state` is as of context.occurred_at; the caller runs Check on
// the fact as completed here. A merge and its reversal are commands to the record that goes on; the
// same fact follows for the other.
absl::StatusOr<Decided> DecidePerson(const PersonState& state, const Fact& fact,
                                     const Context& context);

// Key of a consent for `purpose` towards `agency` that is in force at `at`, or nullopt. `state` is
// as of `at`. A consent limited to a recipient covers no other; an empty `agency` asks for a
// consent towards anyone at all, which only an unlimited one is. Of several, `preferred` if it is
// one of them; of a child's and a carer's together, either.
std::optional<std::string> ConsentInForce(const PersonState& state, std::string_view purpose,
                                          std::string_view agency, Micros at,
                                          std::string_view preferred = "");

// Whether just this consent is in force so, whatever others are.
bool IsConsentInForce(const PersonState& state, std::string_view consent_id,
                      std::string_view purpose, std::string_view agency, Micros at);

}  // namespace caseledger::domain
