#include "services/domain/directory/definition.h"

#include <optional>
#include <string_view>

#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

constexpr std::string_view kReportPrefix = "report/";
constexpr std::string_view kDeadlinesPrefix = "deadlines/";
constexpr std::string_view kRetentionPrefix = "retention/";
constexpr std::string_view kAccessRulesName = "access-rules";

// What follows the prefix in the record's name; nullopt for a definition of another kind.
std::optional<std::string> NameAfter(std::string_view prefix, std::string_view record_name) {
  if (!record_name.starts_with(prefix)) return std::nullopt;
  return std::string(record_name.substr(prefix.size()));
}

}  // namespace

void DefinitionState::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kReportDefinitionLoaded:
      loaded = true;
      version = fact.report_definition_loaded().version();
      text = fact.report_definition_loaded().text();
      break;
    case Fact::kDeadlinesLoaded:
      loaded = true;
      text = fact.deadlines_loaded().text();
      break;
    case Fact::kRetentionRulesLoaded:
      loaded = true;
      text = fact.retention_rules_loaded().text();
      break;
    case Fact::kAccessRulesLoaded:
      loaded = true;
      version = fact.access_rules_loaded().version();
      text = fact.access_rules_loaded().text();
      break;
    default:
      break;
  }
}

absl::Status DefinitionState::CheckSuccessor(const std::string& new_text,
                                             uint32_t new_version) const {
  if (new_text == text) return Reject(Reason::kDefinitionUnchanged);
  if (new_version <= version) return Reject(Reason::kDefinitionVersionNotHigher);
  return absl::OkStatus();
}

absl::Status DefinitionState::Check(const DomainEvent& event) const {
  if (!loaded) return absl::OkStatus();
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kReportDefinitionLoaded: {
      const event::v1::ReportDefinitionLoaded& report = fact.report_definition_loaded();
      return CheckSuccessor(report.text(), report.version());
    }
    case Fact::kAccessRulesLoaded: {
      const event::v1::AccessRulesLoaded& rules = fact.access_rules_loaded();
      return CheckSuccessor(rules.text(), rules.version());
    }
    case Fact::kDeadlinesLoaded:
      return fact.deadlines_loaded().text() == text ? Reject(Reason::kDefinitionUnchanged)
                                                    : absl::OkStatus();
    case Fact::kRetentionRulesLoaded:
      return fact.retention_rules_loaded().text() == text ? Reject(Reason::kDefinitionUnchanged)
                                                          : absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<Decided> DecideDefinition(const DefinitionState&, const Fact& fact,
                                         const Context& context) {
  Decided decided{fact, {}, {}};
  switch (KindOf(fact)) {
    case Fact::kReportDefinitionLoaded: {
      const auto name = NameAfter(kReportPrefix, context.record_name);
      if (!name.has_value()) return Reject(Reason::kDefinitionOfOtherKind);
      decided.fact.mutable_report_definition_loaded()->set_report_id(*name);
      return decided;
    }
    case Fact::kDeadlinesLoaded: {
      const auto name = NameAfter(kDeadlinesPrefix, context.record_name);
      if (!name.has_value()) return Reject(Reason::kDefinitionOfOtherKind);
      decided.fact.mutable_deadlines_loaded()->set_agency_id(*name);
      return decided;
    }
    case Fact::kRetentionRulesLoaded: {
      const auto name = NameAfter(kRetentionPrefix, context.record_name);
      if (!name.has_value()) return Reject(Reason::kDefinitionOfOtherKind);
      decided.fact.mutable_retention_rules_loaded()->set_agency_id(*name);
      return decided;
    }
    case Fact::kAccessRulesLoaded:
      if (context.record_name != kAccessRulesName) return Reject(Reason::kDefinitionOfOtherKind);
      return decided;
    default:
      return decided;
  }
}

}  // namespace caseledger::domain
