// One question of one caller: asks the rules before anything is read, keeps what was shown, and
// makes the entry of the access trail that must be durable before the answer leaves.
//
// Invariants
// 1. What the caller may not see answers exactly as what is not there.
// 2. Every record in the answer went through Open or Shows, with the same rules.
// 3. When the entry's turn in the trail has come, everything shown is asked about again: a right
//    that ended meanwhile is not used.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "services/access/call.h"
#include "services/commands/ledgers.h"
#include "services/commands/references.h"
#include "services/commands/rights.h"

namespace caseledger::rpc {

// How much of a record is shown, and on what that rests when it crosses agencies.
struct Shown {
  access::Level level = access::Level::kNothing;
  std::vector<std::string> shared_fields;
  std::vector<commands::ReferralBasis> referrals;  // at Level::kShared: through which it is seen

  bool only_shared() const { return level == access::Level::kShared; }
};

// Not thread-safe; one thread at a time.
class Reading {
 public:
  // `action`: the method's name; it must outlive this.
  Reading(const commands::Ledgers& ledgers, access::Call call, std::string_view action,
          Clock& clock)
      : ledgers_(ledgers), call_(std::move(call)), action_(action), clock_(clock) {}

  const access::Call& call() const { return call_; }
  // For streams that last: asked before each page whether the caller's credentials still hold.
  void GoodWhile(std::function<absl::Status()> still_good) { still_good_ = std::move(still_good); }
  absl::Status StillGood() const { return still_good_ ? still_good_() : absl::OkStatus(); }
  // What Begin found.
  commands::Ledger& ledger() const { return *ledger_; }
  Micros now() const { return clock_.Now(); }

  // The ledger of that name ("": the only one), once the caller may do this there to anything at
  // all. `kind`: of the records that the action is about; unspecified: lists, streams, none.
  // Errors as Ledgers::Find, and refusals (commands::RefusalOf).
  absl::StatusOr<commands::Ledger*> Begin(
      std::string_view ledger, options::v1::RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED);

  // How much the rule that Begin asked lets the caller see.
  access::Level level() const { return deciding_.answer.level; }

  // The highest level of what was shown so far; of what shows no record, that of Begin.
  access::Level highest_shown() const { return asked_.empty() ? deciding_.answer.level : highest_; }

  // OK when the rule that Begin asked lets the caller see at least so much; else a refusal.
  absl::Status SeesAtLeast(access::Level least) const;

  // The record, if the caller may do this to it; else a refusal. Counts as shown.
  // `to_read`: records of named kinds also by the UUID that is shown of them.
  absl::StatusOr<eventstore::StreamId> Open(options::v1::RecordKind kind, std::string_view id,
                                            bool to_read = false);
  // What Open found.
  const Shown& shown() const { return shown_; }

  // Whether a row about the record may be shown: then it counts as shown.
  absl::StatusOr<bool> Shows(const eventstore::StreamId& record);
  // The same question without counting it; see Rights::AskToShow.
  absl::StatusOr<commands::Verdict> AskToShow(const eventstore::StreamId& record);
  // Whether the action is allowed on it.
  absl::StatusOr<commands::Verdict> Ask(const eventstore::StreamId& record);

  // The longest window that the rules in force allow.
  absl::StatusOr<Micros> LongestBreakGlass() const;

  // Filters and positions that were asked for, for the entry; no personal data.
  void AskedFor(std::string query) { query_ = std::move(query); }

  // What is shown is taken out of the system as such a file; "": it is not.
  void ExportedAs(std::string kind_of_file) { exported_as_ = std::move(kind_of_file); }

  // Where the entry goes; null when the ledger has no trail. Only after Begin.
  access::Trail* trail() const;
  // OK when everything shown may still be shown. ABORTED when not: answer anew.
  absl::Status StillHolds();
  // A refusal, on the trail before it is answered (commands::AnswerRefused). Blocks: never in a
  // reaction.
  absl::Status Refused(const absl::Status& status) const;
  // What goes on the trail of the whole answer; a disclosure when it went to another agency than
  // the record's by a referral, or out of the system.
  event::v1::Fact Entry() const;
  // What every entry of a stream says.
  event::v1::RecordAccessed About() const;

 private:
  struct Asked {
    eventstore::StreamId record;
    access::Level level;
  };

  void Note(const eventstore::StreamId& record, const commands::Verdict& verdict);

  const commands::Ledgers& ledgers_;
  const access::Call call_;
  const std::string_view action_;
  Clock& clock_;
  std::function<absl::Status()> still_good_;
  commands::Ledger* ledger_ = nullptr;
  commands::Ledger* ruling_ = nullptr;  // whose rules decide: of a trail, the one it belongs to
  options::v1::RecordKind kind_ = options::v1::RECORD_KIND_UNSPECIFIED;
  std::string query_;
  std::string exported_as_;
  uint64_t head_when_asked_ = 0;  // events of the ruling ledger when the first answer was given
  Shown shown_;
  access::Level highest_ = access::Level::kNothing;
  std::vector<Asked> asked_;
  commands::Verdict deciding_;  // the first
};

// UNAVAILABLE: an answer was made anew too often, because StillHolds said no.
absl::Status RightsKeepChanging();

// How much the verdict shows.
Shown ShownBy(const commands::Verdict& verdict);

// What goes on the trail when a record goes to another agency through a referral. `access` says
// what is shown; `shown` has a referral.
event::v1::Fact DisclosureOf(const access::Call& call, const Shown& shown,
                             event::v1::RecordAccessed access);
// The record as the trail names it.
void NameRecord(const eventstore::StreamId& record, event::v1::TrailRecord& out);

}  // namespace caseledger::rpc
