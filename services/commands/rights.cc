#include "services/commands/rights.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/rules/actions.h"
#include "services/commands/fact_schema.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/definition.h"

namespace caseledger::commands {
namespace {

using access::Relation;
using eventstore::StreamId;

constexpr std::string_view kReadAction = "ReplayRecord";

access::Relations AllRelations() {
  access::Relations all;
  for (int i = 0; i < access::kRelationCount; ++i) all.Add(static_cast<Relation>(i));
  return all;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const RulesInForce>> RulesCache::Load(eventstore::LedgerView& view,
                                                                     Aggregates& aggregates) {
  const StreamId stream = NamedStream(RecordKind::RECORD_KIND_DEFINITION, kAccessRulesName);
  ASSIGN_OR_RETURN(const eventstore::StreamHead head, view.Head(stream));
  {
    const MutexLock lock(&mutex_);
    if (newest_ != nullptr && leaf_hash_ == head.leaf_hash) return newest_;
  }
  auto loaded = std::make_shared<RulesInForce>();
  if (head.revision > 0) {
    ASSIGN_OR_RETURN(const auto definition, aggregates.Load<domain::DefinitionState>(view, stream));
    absl::StatusOr<access::Rules> rules =
        access::Rules::ParseLogged(definition->state.text, access::PublicActions());
    if (!rules.ok()) {
      return absl::DataLossError(StrCat("the access rules in the log are not readable: ",
                                        FromAbsl(rules.status().message())));
    }
    loaded->rules = *std::move(rules);
    loaded->position = head.position;
    loaded->loaded = true;
  }
  const MutexLock lock(&mutex_);
  leaf_hash_ = head.leaf_hash;
  newest_ = loaded;
  return newest_;
}

absl::Status Rights::Load() {
  if (rules_ != nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::shared_ptr<const RulesInForce> rules, cache_.Load(view_, aggregates_));
  const StreamId agency = NamedStream(RecordKind::RECORD_KIND_AGENCY, call_.agency);
  ASSIGN_OR_RETURN(const auto loaded, aggregates_.Load<domain::AgencyState>(view_, agency));
  if (loaded->state.Exists()) {
    if (call_.is_program) {
      roles_.insert(access::kProgramRole);
    } else {
      roles_ = domain::RolesOf(loaded->state, call_.actor, view_.recorded_at());
      roles_.erase(access::kProgramRole);
    }
  }
  rules_ = std::move(rules);
  return absl::OkStatus();
}

absl::StatusOr<std::set<std::string>> Rights::Roles() {
  RETURN_IF_ERROR(Load());
  return roles_;
}

absl::StatusOr<std::shared_ptr<const RulesInForce>> Rights::Rules() {
  RETURN_IF_ERROR(Load());
  return rules_;
}

Verdict Rights::Judge(std::string_view action, options::v1::RecordKind kind,
                      Standing standing) const {
  access::Question question;
  question.action = action;
  question.kind = kind;
  question.roles = &roles_;
  question.relations = standing.relations;
  question.consent = standing.consent;
  question.purpose = !call_.purpose.empty();
  question.warrant = !call_.warrant.empty();
  Verdict verdict;
  verdict.answer = rules_->rules.Ask(question);
  verdict.roles = roles_;
  verdict.standing = std::move(standing);
  verdict.rules_position = rules_->position;
  verdict.rules_version = rules_->rules.version();
  return verdict;
}

absl::StatusOr<Verdict> Rights::Ask(std::string_view action, options::v1::RecordKind kind) {
  RETURN_IF_ERROR(Load());
  Standing standing;
  standing.exists = true;
  if (kind != RecordKind::RECORD_KIND_UNSPECIFIED) {
    standing.relations = AllRelations();
    standing.consent = true;
  }
  return Judge(action, kind, std::move(standing));
}

absl::StatusOr<Verdict> Rights::Ask(std::string_view action, const StreamId& record) {
  RETURN_IF_ERROR(Load());
  const auto kind = static_cast<options::v1::RecordKind>(record.kind);
  if (!looked_at_.has_value() || looked_at_->first != record) {
    Standings standings(view_, aggregates_, view_.recorded_at(), rules_->rules.referral_grace());
    ASSIGN_OR_RETURN(Standing standing, standings.To(call_, record));
    looked_at_.emplace(record, std::move(standing));
  }
  Verdict verdict = Judge(action, kind, looked_at_->second);
  if (verdict.allowed() || trail_ == nullptr || call_.is_program) return verdict;
  // Only a record that nothing else opens may be open by break-glass; few are asked twice. A record
  // that is not there is looked at as well: else the time of an answer told that one is.
  Standing opened = looked_at_->second;
  opened.relations.Add(Relation::kBreakGlass);
  opened.consent = true;
  Verdict in_emergency = Judge(action, kind, std::move(opened));
  if (!in_emergency.allowed()) return verdict;
  ASSIGN_OR_RETURN(in_emergency.break_glass, OpenWindow(record));
  if (verdict.standing.exists && in_emergency.break_glass.has_value()) return in_emergency;
  return verdict;
}

absl::StatusOr<Verdict> Rights::AskToShow(std::string_view action, const StreamId& record) {
  RETURN_IF_ERROR(Load());
  const auto kind = static_cast<options::v1::RecordKind>(record.kind);
  Standing stranger;
  stranger.exists = true;
  Standing closest = stranger;
  closest.relations = AllRelations();
  closest.consent = true;
  Verdict least = Judge(action, kind, std::move(stranger));
  // Rules allow more to who stands closer, and never less.
  if (least.allowed() &&
      least.answer.level == Judge(action, kind, std::move(closest)).answer.level) {
    return least;
  }
  return Ask(action, record);
}

absl::StatusOr<std::optional<Uuid>> Rights::OpenWindow(const StreamId& record) {
  if (window_.has_value() && window_->first == record) return window_->second;
  ASSIGN_OR_RETURN(const std::optional<Uuid> use, FindOpenWindow(record));
  window_.emplace(record, use);
  return use;
}

absl::StatusOr<std::optional<Uuid>> Rights::FindOpenWindow(const StreamId& record) {
  Standings standings(view_, aggregates_, view_.recorded_at(), rules_->rules.referral_grace());
  ASSIGN_OR_RETURN(const std::vector<StreamId> cases, standings.CasesOf(record));
  for (const StreamId& each : cases) {
    ASSIGN_OR_RETURN(std::optional<Uuid> use,
                     trail_->OpenWindow(call_, each.id, view_.recorded_at()));
    if (use.has_value()) return use;
  }
  return std::optional<Uuid>();
}

absl::StatusOr<Verdict> Rights::AskProposed(std::string_view action, const domain::Fact& fact,
                                            options::v1::RecordKind kind,
                                            std::string_view record_name) {
  RETURN_IF_ERROR(Load());
  return Judge(action, kind, Standings::ToProposed(call_, fact, record_name));
}

absl::StatusOr<bool> Rights::MayKnow(const StreamId& record) {
  // Both are asked, whatever the first says: how long it takes must not tell.
  ASSIGN_OR_RETURN(const Verdict refer, Ask(access::kReferAction, record));
  ASSIGN_OR_RETURN(const Verdict read, Ask(kReadAction, record));
  return refer.standing.exists && (refer.allowed() || read.allowed());
}

}  // namespace caseledger::commands
