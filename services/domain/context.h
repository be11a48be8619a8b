// What a decision may know besides the record's own events. Everything comes in; nothing is looked
// up from within.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/event.h"

namespace caseledger::domain {

// Who asks.
struct Caller {
  std::string actor;
  std::string agency;
  std::set<std::string> roles;  // such as "supervisor"

  bool HasRole(std::string_view role) const { return roles.contains(std::string(role)); }
};

inline constexpr std::string_view kPurposeSharing = "sharing";

// A referral that rests on a consent, pending or active.
struct ReferralOnConsent {
  std::string case_id;
  std::string referral_id;
  std::string to_agency;
  std::string consent_id;
  Micros since = 0;  // its last step: nothing about it happened later
};

// What an erasure of a person takes with it, and what stands in its way; "": nothing does.
struct ErasureReach {
  std::vector<std::string> merged_person_ids;  // that stand for the person, through others too
  std::string held_case;                       // one that names any of them, under a legal hold
  std::string hold;                            // key of that hold
  std::string open_case;                       // one in which any of them takes part
  std::string open_stay;                       // the shelter
};

// Records that are about nobody who is not erased: cases in which nobody else was client or
// companion, contacts that such cases alone came from or were linked to, and contacts that belong
// to no case and name nobody else.
struct RecordsOfErased {
  std::vector<std::string> case_ids;
  std::vector<std::string> contact_ids;
};

// What retention rules say of a person's closed cases.
struct RetentionVerdict {
  bool applies = false;   // one of them is kept by the rule that was named
  std::string kept_case;  // one that a rule still keeps; "": none
  std::string kept_by;    // id of that rule
};

// Facts of other records, as they were when the proposed fact occurred. Implemented by
// services/commands.
class Related {
 public:
  virtual ~Related() = default;
  // Consent of the person in force at `at` for `purpose` towards `agency` ("": any): its key, or
  // nullopt. Of several, `preferred` if it is one of them.
  virtual std::optional<std::string> ConsentInForce(std::string_view person_id,
                                                    std::string_view purpose,
                                                    std::string_view agency,
                                                    std::string_view preferred,
                                                    Micros at) const = 0;
  // Whether the person stands for another since a merge.
  virtual bool IsMergedAway(std::string_view person_id, Micros at) const = 0;
  // Whether the case is open at `at` and the person takes part in it then.
  virtual bool IsParticipant(std::string_view case_id, std::string_view person_id,
                             Micros at) const = 0;
  virtual bool IsCaseOpen(std::string_view case_id, Micros at) const = 0;
  // Whether the agency takes new work at `at`.
  virtual bool IsAgencyActive(std::string_view agency_id, Micros at) const = 0;
  // The person's referrals that rest on a consent and are pending or active at `at`, or at their
  // last step when that came later: by case, then by key. Unlike the other answers it tells of all
  // that is recorded, whenever it occurred, for what ended meanwhile needs no end; and as if the
  // withdrawal of `withdrawn` had ended none. nullopt: more than one decision may read.
  virtual std::optional<std::vector<ReferralOnConsent>> ReferralsOnConsent(
      std::string_view person_id, std::string_view withdrawn, Micros at) const = 0;
  // Year of birth of the person as known at `at`; 0 if unknown.
  virtual int BirthYear(std::string_view person_id, Micros at) const = 0;
  // Whether what is held of the person, or of a record merged into it, is only kept at `at`.
  virtual bool IsRestricted(std::string_view person_id, Micros at) const = 0;
  // The next five tell of all that is recorded, whenever it occurred.
  virtual bool IsErased(std::string_view person_id) const = 0;
  // nullopt: more than one decision may read.
  virtual std::optional<ErasureReach> ReachOfErasure(std::string_view person_id) const = 0;
  // Once these persons are erased; what is recorded counts, whenever it occurred. nullopt: more
  // than one decision may read.
  virtual std::optional<RecordsOfErased> RecordsOfNobodyElse(
      const std::vector<std::string>& person_ids) const = 0;
  // Of the cases that name the person or a record merged into it, by the rules in force for who
  // owns them. nullopt: more than one decision may read.
  virtual std::optional<RetentionVerdict> RetentionOf(std::string_view person_id,
                                                      std::string_view rule, Micros at) const = 0;
  // Fingerprints of the keys that an erasure of this record destroys, 32 bytes each.
  virtual std::vector<std::string> KeyFingerprints(std::string_view person_id) const = 0;
  // The same for a record of RecordsOfNobodyElse: without those of notes that name somebody else.
  virtual std::vector<std::string> KeyFingerprintsIn(
      RecordKind kind, std::string_view record_id,
      const std::vector<std::string>& person_ids) const = 0;
};

struct Context {
  Caller caller;
  std::string record_id;    // UUID text of the record the command is for
  std::string record_name;  // id of name-keyed records: "ctxh-qn", "2024", "report/NAME"; else ""
  Micros now = 0;           // time of decision: the recorded time of the events
  Micros occurred_at = 0;   // when the proposed fact happened
  std::string legal_basis;  // of the command, or ""
  bool imported = false;    // who-may and consent failures become data-quality items
  const Related* related = nullptr;  // never null
};

// An accepted fact: completed with what the server says, with what follows for other streams, and
// with reasons for a second look.
struct Decided {
  Fact fact;
  std::vector<ProposedFact> consequences;  // judged and written in the same append
  std::vector<std::string> data_quality;   // reason ids
};

}  // namespace caseledger::domain
