#include "services/commands/ledger_authority.h"

#include <utility>

#include "absl/strings/cord.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/references.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

using domain::Reason;
using eventstore::StreamId;

constexpr char kUnknown[] = "RECORD_UNKNOWN";

class RightsInLedger final : public CallRights {
 public:
  RightsInLedger(eventstore::LedgerView& view, Aggregates& aggregates, RulesCache& rules,
                 const access::Trail* trail, const access::Call& call)
      : rights_(view, aggregates, rules, trail, call) {}

  absl::StatusOr<std::set<std::string>> Roles() override { return rights_.Roles(); }

  absl::Status MayAtAll(std::string_view action, RecordKind kind) override {
    ASSIGN_OR_RETURN(const Verdict verdict, rights_.Ask(action, kind));
    if (verdict.allowed()) return absl::OkStatus();
    return RefusalOf(DenialOf(action, nullptr, verdict), /*known=*/true);
  }

  absl::Status MayDo(std::string_view action, const StreamId& record) override {
    ASSIGN_OR_RETURN(const Verdict verdict, rights_.Ask(action, record));
    if (verdict.allowed()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool known, rights_.MayKnow(record));
    return RefusalOf(DenialOf(action, &record, verdict), known);
  }

  absl::Status MayBegin(std::string_view action, const Fact& fact, RecordKind kind,
                        std::string_view record_name) override {
    ASSIGN_OR_RETURN(const Verdict verdict, rights_.AskProposed(action, fact, kind, record_name));
    if (verdict.allowed()) return absl::OkStatus();
    return RefusalOf(DenialOf(action, nullptr, verdict), /*known=*/true);
  }

  absl::StatusOr<bool> MayRefer(const StreamId& record) override {
    ASSIGN_OR_RETURN(const Verdict verdict, rights_.Ask(access::kReferAction, record));
    return verdict.allowed();
  }

  absl::Status Unknown(std::string_view action, RecordKind kind, std::string_view id) override {
    const StreamId record = StandInFor(kind, id);
    ASSIGN_OR_RETURN(const Verdict verdict, rights_.Ask(action, record));
    RETURN_IF_ERROR(rights_.MayKnow(record).status());
    return RefusalOf(DenialOfUnknown(action, verdict), /*known=*/false);
  }

 private:
  Rights rights_;
};

}  // namespace

event::v1::AccessDenied DenialOf(std::string_view action, const StreamId* record,
                                 const Verdict& verdict) {
  event::v1::AccessDenied denial = DenialOfUnknown(action, verdict);
  denial.set_reason(std::string(NameOf(verdict.answer.refusal)));
  denial.set_rule_line(verdict.answer.line);
  if (record == nullptr) return denial;
  if (!verdict.standing.exists) denial.set_reason(kUnknown);
  denial.mutable_record()->set_kind(static_cast<RecordKind>(record->kind));
  denial.mutable_record()->set_record_id(record->id.ToString());
  return denial;
}

event::v1::AccessDenied DenialOfUnknown(std::string_view action, const Verdict& verdict) {
  event::v1::AccessDenied denial;
  denial.set_action(std::string(action));
  denial.set_reason(kUnknown);
  denial.set_rules_position(verdict.rules_position);
  return denial;
}

absl::Status RefusalOf(const event::v1::AccessDenied& denial, bool known) {
  absl::Status status =
      domain::Reject(!known                                     ? Reason::kRecordUnknown
                     : denial.action() == access::kImportAction ? Reason::kImportNotAllowed
                                                                : Reason::kAccessDenied);
  status.SetPayload(kDenialUrl, absl::Cord(denial.SerializeAsString()));
  return status;
}

std::unique_ptr<CallRights> LedgerAuthority::For(eventstore::LedgerView& view,
                                                 Aggregates& aggregates, const access::Call& call) {
  return std::make_unique<RightsInLedger>(view, aggregates, rules_, trail_, call);
}

}  // namespace caseledger::commands
