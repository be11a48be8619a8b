#include "projections/retention/retention_terms.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "projections/definition_texts/legal_time.h"

namespace caseledger::projections {
namespace {

constexpr uint32_t kMonthsPerYear = 12;

}  // namespace

absl::StatusOr<v1::RetentionRules> ReadRetentionRules(std::string_view text) {
  v1::RetentionRules rules;
  google::protobuf::TextFormat::Parser parser;
  // What a newer program accepted stays readable.
  parser.AllowUnknownField(true);
  if (!parser.ParseFromString(std::string(text), &rules)) {
    return absl::DataLossError("the logged text of retention rules cannot be read");
  }
  return rules;
}

const v1::RetentionRule* RuleFor(const v1::RetentionRules& rules, std::string_view case_type) {
  const v1::RetentionRule* for_all = nullptr;
  for (const v1::RetentionRule& rule : rules.rule()) {
    if (rule.case_type() == case_type) return &rule;
    if (rule.case_type().empty()) for_all = &rule;
  }
  return for_all;
}

Micros DueAt(const v1::RetentionRule& rule, Micros closed_at) {
  const Micros last_second =
      rule.days() > 0 ? AfterDays(closed_at, rule.days())
                      : AfterMonths(closed_at, rule.years() * kMonthsPerYear + rule.months());
  return last_second + kMicrosPerSecond;
}

}  // namespace caseledger::projections
