#include "services/access/rules/rules.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/rules/names.h"
#include "services/access/rules/parser.h"
#include "services/access/rules/rule_table.h"

namespace caseledger::access {
namespace {

RoleBits BitsOf(const std::set<std::string>& roles, const RuleTable& table) {
  RoleBits bits = 0;
  for (const std::string& role : roles) {
    const auto found = table.role_bits.find(role);
    if (found != table.role_bits.end()) bits |= found->second;
  }
  return bits;
}

// What the rule misses first, in order of precedence.
Refusal Missing(const Rule& rule, const Question& question) {
  if (rule.needs_relation && !question.relations.HasAnyOf(rule.relations)) {
    return Refusal::kNoRelation;
  }
  if (rule.needs_consent && !question.consent) return Refusal::kNoConsent;
  if (rule.needs_purpose && !question.purpose) return Refusal::kNoPurpose;
  if (rule.needs_warrant && !question.warrant) return Refusal::kNoWarrant;
  return Refusal::kNone;
}

const std::shared_ptr<const RuleTable>& EmptyTable() {
  static const auto& table = *new std::shared_ptr<const RuleTable>(std::make_shared<RuleTable>());
  return table;
}

}  // namespace

Rules::Rules() : table_(EmptyTable()) {}
Rules::Rules(std::shared_ptr<const RuleTable> table) : table_(std::move(table)) {}

absl::StatusOr<Rules> Rules::Parse(std::string_view text, const std::set<std::string>& actions) {
  ASSIGN_OR_RETURN(std::shared_ptr<const RuleTable> table,
                   ParseRules(text, actions, Undecided::kIsWrong));
  return Rules(std::move(table));
}

absl::StatusOr<Rules> Rules::ParseLogged(std::string_view text,
                                         const std::set<std::string>& actions) {
  ASSIGN_OR_RETURN(std::shared_ptr<const RuleTable> table,
                   ParseRules(text, actions, Undecided::kIsRefused));
  return Rules(std::move(table));
}

uint32_t Rules::version() const { return table_->version; }
Micros Rules::referral_grace() const { return table_->referral_grace; }
Micros Rules::longest_break_glass() const { return table_->longest_break_glass; }

Answer Rules::Ask(const Question& question) const {
  Answer answer;
  const auto found = table_->by_action.find(ToAbsl(question.action));
  if (found == table_->by_action.end()) return answer;
  const RoleBits roles = BitsOf(*question.roles, *table_);
  const KindBits kind = KindBits{1} << static_cast<unsigned>(question.kind);
  for (const Rule& rule : found->second) {
    if ((rule.roles & roles) == 0 || (rule.kinds & kind) == 0) continue;
    if (rule.never) return Answer{Refusal::kForbidden, Level::kNothing, rule.line};
    const Refusal missing = Missing(rule, question);
    if (missing == Refusal::kNone) {
      if (!answer.allowed() || rule.level > answer.level) {
        answer = Answer{Refusal::kNone, rule.level, rule.line};
      }
    } else if (!answer.allowed() && missing > answer.refusal) {
      answer.refusal = missing;
    }
  }
  return answer;
}

std::string Rules::TextOfLine(uint32_t line) const {
  const auto found = table_->texts.find(line);
  return found == table_->texts.end() ? "" : found->second;
}

std::set<std::string> Rules::Roles() const {
  std::set<std::string> roles;
  for (size_t i = 0; i < KnownRoles().size(); ++i) {
    if ((table_->named_roles >> i & 1U) != 0) roles.insert(KnownRoles()[i]);
  }
  return roles;
}

}  // namespace caseledger::access
