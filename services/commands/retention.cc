#include "services/commands/retention.h"

#include <map>
#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/definition_texts/agency_texts.h"
#include "projections/retention/retention_fold.h"
#include "projections/retention/retention_terms.h"
#include "services/commands/aggregates.h"
#include "services/commands/fact_schema.h"
#include "services/domain/directory/definition.h"
#include "services/domain/timeline.h"

namespace caseledger::commands {
namespace {

using eventstore::LedgerView;
using eventstore::StreamId;
using projections::KeptCase;

// Each agency's text is read once.
class RetentionInForce {
 public:
  explicit RetentionInForce(LedgerView& view) : view_(view) {}

  // No rules when none were loaded. The pointer holds as long as this.
  absl::StatusOr<const v1::RetentionRules*> Of(const std::string& agency) {
    if (const auto known = rules_.find(agency); known != rules_.end()) return &known->second;
    ASSIGN_OR_RETURN(std::optional<v1::RetentionRules> rules, Read(agency));
    if (!rules.has_value()) {
      ASSIGN_OR_RETURN(rules, Read(projections::kDefaultAgency));
    }
    return &rules_.emplace(agency, std::move(rules).value_or(v1::RetentionRules())).first->second;
  }

 private:
  absl::StatusOr<std::optional<v1::RetentionRules>> Read(std::string_view agency) {
    const StreamId record = NamedStream(domain::RecordKind::RECORD_KIND_DEFINITION,
                                        StrCat("retention/", std::string(agency)));
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
    const auto state = domain::FoldAll<domain::DefinitionState>(history.timeline.in_order());
    if (!state.loaded) return std::nullopt;
    ASSIGN_OR_RETURN(v1::RetentionRules rules, projections::ReadRetentionRules(state.text));
    return std::optional<v1::RetentionRules>(std::move(rules));
  }

  LedgerView& view_;
  std::map<std::string, v1::RetentionRules> rules_;
};

absl::StatusOr<std::optional<KeptCase>> ReadCase(LedgerView& view, const StreamId& record) {
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, record));
  std::vector<projections::EffectiveFact> facts;
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    if (!projections::MattersToRetention(*event.fact)) continue;
    projections::EffectiveFact& fact = facts.emplace_back();
    fact.occurred_at = event.occurred_at;
    fact.fact = *event.fact;
  }
  return projections::FoldKeptCase(facts);
}

}  // namespace

absl::StatusOr<domain::RetentionVerdict> RetentionOf(LedgerView& view,
                                                     const std::vector<StreamId>& cases,
                                                     std::string_view rule, domain::Micros at) {
  domain::RetentionVerdict verdict;
  RetentionInForce rules_in_force(view);
  for (const StreamId& record : cases) {
    ASSIGN_OR_RETURN(const std::optional<KeptCase> kept, ReadCase(view, record));
    if (!kept.has_value() || !kept->closed_at.has_value()) continue;
    ASSIGN_OR_RETURN(const v1::RetentionRules* rules, rules_in_force.Of(kept->owner_agency_id));
    const v1::RetentionRule* its_rule = projections::RuleFor(*rules, kept->case_type);
    if (its_rule == nullptr) continue;
    verdict.applies = verdict.applies || its_rule->id() == rule;
    if (verdict.kept_case.empty() && projections::DueAt(*its_rule, *kept->closed_at) > at) {
      verdict.kept_case = record.id.ToString();
      verdict.kept_by = its_rule->id();
    }
  }
  return verdict;
}

}  // namespace caseledger::commands
