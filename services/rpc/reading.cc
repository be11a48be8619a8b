#include "services/rpc/reading.h"

#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledger_authority.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {
namespace {

using commands::Verdict;
using eventstore::StreamId;

}  // namespace

Shown ShownBy(const Verdict& verdict) {
  Shown shown;
  shown.level = verdict.answer.level;
  if (!shown.only_shared()) return shown;
  std::set<std::string> fields;
  for (const commands::ReferralBasis& basis : verdict.standing.referrals) {
    fields.insert(basis.shared_fields.begin(), basis.shared_fields.end());
  }
  shown.shared_fields.assign(fields.begin(), fields.end());
  shown.referrals = verdict.standing.referrals;
  return shown;
}

void NameRecord(const StreamId& record, event::v1::TrailRecord& out) {
  out.set_kind(static_cast<options::v1::RecordKind>(record.kind));
  out.set_record_id(record.id.ToString());
}

event::v1::Fact DisclosureOf(const access::Call& call, const Shown& shown,
                             event::v1::RecordAccessed access) {
  const commands::ReferralBasis& basis = shown.referrals.front();
  event::v1::Fact fact;
  event::v1::DisclosureMade& made = *fact.mutable_disclosure_made();
  *made.mutable_access() = std::move(access);
  made.set_recipient_agency_id(call.agency);
  made.set_referral_id(basis.referral_id);
  made.set_person_id(basis.person_id);
  made.set_consent_id(basis.consent_id);
  made.set_legal_basis(basis.legal_basis);
  return fact;
}

absl::StatusOr<commands::Ledger*> Reading::Begin(std::string_view ledger,
                                                 options::v1::RecordKind kind) {
  ASSIGN_OR_RETURN(ledger_, ledgers_.Find(ledger));
  ruling_ = ledger_;
  if (ledger_->is_trail()) {
    ASSIGN_OR_RETURN(ruling_, ledgers_.Find(access::LedgerOfTrail(ledger_->parts.name)));
  }
  kind_ = kind;
  head_when_asked_ = ruling_->parts.log->Head().next_position;
  ASSIGN_OR_RETURN(deciding_,
                   ruling_->read_rights.With(call_, now(), [&](commands::Rights& rights) {
                     return rights.Ask(action_, kind);
                   }));
  if (deciding_.allowed()) return ledger_;
  return commands::RefusalOf(commands::DenialOf(action_, nullptr, deciding_), /*known=*/true);
}

absl::Status Reading::SeesAtLeast(access::Level least) const {
  if (level() >= least) return absl::OkStatus();
  Verdict refused = deciding_;
  refused.answer.refusal = access::Refusal::kNoRole;
  return commands::RefusalOf(commands::DenialOf(action_, nullptr, refused), /*known=*/true);
}

absl::StatusOr<Verdict> Reading::Ask(const StreamId& record) {
  return ruling_->read_rights.With(
      call_, now(), [&](commands::Rights& rights) { return rights.Ask(action_, record); });
}

absl::StatusOr<StreamId> Reading::Open(options::v1::RecordKind kind, std::string_view id,
                                       bool to_read) {
  const commands::RecordIndex index = IndexOf(*ledger_->parts.log);
  const absl::StatusOr<StreamId> found =
      to_read ? commands::FindRecordToRead(index, kind, id) : commands::FindRecord(index, kind, id);
  // Also a name that several records bear: that they are there is not for everyone to know.
  const bool unknown = absl::IsNotFound(found.status()) || absl::IsInvalidArgument(found.status());
  if (!unknown) RETURN_IF_ERROR(found.status());
  // A record that is not there is asked about just as one that is: the time of a refusal must not
  // tell the two apart.
  const StreamId record = unknown ? commands::StandInFor(kind, id) : *found;
  bool known = false;
  absl::StatusOr<Verdict> asked = ruling_->read_rights.With(
      call_, now(), [&](commands::Rights& rights) -> absl::StatusOr<Verdict> {
        ASSIGN_OR_RETURN(Verdict verdict, rights.Ask(action_, record));
        if (unknown || !verdict.allowed()) {
          ASSIGN_OR_RETURN(known, rights.MayKnow(record));
        }
        return verdict;
      });
  RETURN_IF_ERROR(asked.status());
  if (unknown) {
    return commands::RefusalOf(commands::DenialOfUnknown(action_, deciding_), /*known=*/false);
  }
  if (!asked->allowed()) {
    return commands::RefusalOf(commands::DenialOf(action_, &record, *asked), known);
  }
  deciding_ = *std::move(asked);
  shown_ = ShownBy(deciding_);
  Note(record, deciding_);
  return record;
}

absl::StatusOr<Verdict> Reading::AskToShow(const StreamId& record) {
  return ruling_->read_rights.With(
      call_, now(), [&](commands::Rights& rights) { return rights.AskToShow(action_, record); });
}

absl::StatusOr<bool> Reading::Shows(const StreamId& record) {
  ASSIGN_OR_RETURN(const Verdict verdict, AskToShow(record));
  if (!verdict.allowed()) return false;
  Note(record, verdict);
  return true;
}

absl::StatusOr<Micros> Reading::LongestBreakGlass() const {
  return ruling_->read_rights.With(call_, now(),
                                   [](commands::Rights& rights) -> absl::StatusOr<Micros> {
                                     ASSIGN_OR_RETURN(const auto rules, rights.Rules());
                                     return rules->rules.longest_break_glass();
                                   });
}

void Reading::Note(const StreamId& record, const Verdict& verdict) {
  highest_ = std::max(highest_, verdict.answer.level);
  asked_.push_back({record, verdict.answer.level});
}

access::Trail* Reading::trail() const {
  return ruling_ == nullptr ? nullptr : ruling_->parts.trail.get();
}

absl::Status RightsKeepChanging() {
  return absl::UnavailableError(
      "RIGHTS_CHANGED: rights change faster than the answer is made; try again");
}

absl::Status Reading::Refused(const absl::Status& status) const {
  std::promise<absl::Status> answered;
  commands::AnswerRefused(trail(), call_, status,
                          [&answered](absl::Status told) { answered.set_value(std::move(told)); });
  return answered.get_future().get();
}

absl::Status Reading::StillHolds() {
  // Nothing was recorded since: nobody's right ended, but by the clock, and that moved by moments.
  if (ruling_->parts.log->Head().next_position == head_when_asked_) return absl::OkStatus();
  return ruling_->read_rights.With(call_, now(), [&](commands::Rights& rights) -> absl::Status {
    ASSIGN_OR_RETURN(const Verdict begin, rights.Ask(action_, kind_));
    bool holds = begin.allowed();
    for (const Asked& asked : asked_) {
      ASSIGN_OR_RETURN(const Verdict verdict, rights.AskToShow(action_, asked.record));
      holds = holds && verdict.allowed() && verdict.answer.level >= asked.level;
    }
    if (holds) return absl::OkStatus();
    return absl::AbortedError(
        "RIGHTS_CHANGED: rights changed while the answer was made; try again");
  });
}

event::v1::RecordAccessed Reading::About() const {
  event::v1::RecordAccessed about;
  about.set_action(std::string(action_));
  about.set_query(exported_as_.empty() ? query_ : StrCat("export=", exported_as_, " ", query_));
  about.set_level(std::string(NameOf(highest_shown())));
  for (const std::string& field : shown_.shared_fields) about.add_fields(field);
  about.set_rules_position(deciding_.rules_position);
  about.set_rule_line(deciding_.answer.line);
  about.set_warrant(call_.warrant);
  if (deciding_.break_glass.has_value()) {
    about.set_break_glass_event_id(deciding_.break_glass->ToString());
  }
  return about;
}

event::v1::Fact Reading::Entry() const {
  event::v1::RecordAccessed accessed = About();
  accessed.set_stage(event::v1::TRAIL_STAGE_WHOLE);
  std::set<StreamId> records;
  for (const Asked& asked : asked_) {
    if (records.insert(asked.record).second) NameRecord(asked.record, *accessed.add_records());
  }
  if (!shown_.referrals.empty()) return DisclosureOf(call_, shown_, std::move(accessed));
  event::v1::Fact fact;
  if (exported_as_.empty()) {
    *fact.mutable_record_accessed() = std::move(accessed);
  } else {
    fact.mutable_disclosure_made()->set_recipient_agency_id(call_.agency);
    *fact.mutable_disclosure_made()->mutable_access() = std::move(accessed);
  }
  return fact;
}

}  // namespace caseledger::rpc
