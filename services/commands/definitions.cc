#include "services/commands/definitions.h"

#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "caseledger/event/v1/person.pb.h"
#include "caseledger/v1/deadlines.pb.h"
#include "caseledger/v1/retention.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/utf8.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "projections/report_facts/definition.h"
#include "services/access/rules/actions.h"
#include "services/access/rules/rules.h"
#include "services/commands/codes.h"
#include "services/commands/validation.h"

namespace caseledger::commands {
namespace {

constexpr size_t kMostDeadlines = 200;
constexpr int kMostRetentionRules = 200;
// Longest time a case is kept by a rule, in each unit.
constexpr uint32_t kMostYears = 200;
constexpr uint32_t kMostMonths = 12 * kMostYears;
constexpr uint32_t kMostDays = 366 * kMostYears;

class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (text_.empty()) text_ = StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Whether every string is UTF-8. In text format, escapes such as `\xff` can make others, and an
// answer with one in it could not be read by any client.
bool HoldsOnlyText(const google::protobuf::Message& message) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const bool many = field->is_repeated();
    const int size = many ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
        const std::string text = many ? reflection->GetRepeatedString(message, field, i)
                                      : reflection->GetString(message, field);
        if (!eventstore::IsUtf8(text)) return false;
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        if (!HoldsOnlyText(many ? reflection->GetRepeatedMessage(message, field, i)
                                : reflection->GetMessage(message, field))) {
          return false;
        }
      }
    }
  }
  return true;
}

absl::Status NotText() {
  return InvalidRequest({Violation{"fact.text", "holds an escape that is not UTF-8"}});
}

bool IsFactName(const std::string& name) {
  return event::v1::Fact::descriptor()->FindFieldByName(name) != nullptr;
}

// Such as `fulfilled`, of DATA_REQUEST_OUTCOME_FULFILLED.
bool IsOutcome(const std::string& name) {
  event::v1::DataRequestOutcome outcome{};
  return name == absl::AsciiStrToLower(name) && name != "unspecified" &&
         event::v1::DataRequestOutcome_Parse("DATA_REQUEST_OUTCOME_" + absl::AsciiStrToUpper(name),
                                             &outcome);
}

// What narrows a deadline to some requests of data subjects, and some answers to them.
void CheckRequestRules(const v1::Deadline& deadline, const std::string& where,
                       std::vector<Violation>& violations) {
  const bool of_requests = deadline.starts_with() == "data_request_received";
  if (!of_requests && (!deadline.request_kind().empty() || deadline.outcome_size() > 0)) {
    violations.push_back(
        {where, "has request_kind or outcome, but does not start with data_request_received"});
  }
  if (!deadline.request_kind().empty() &&
      !IsKnownCode("data_request_kind", deadline.request_kind())) {
    violations.push_back({where, "names no known kind of request: " + deadline.request_kind()});
  }
  for (const std::string& outcome : deadline.outcome()) {
    if (!IsOutcome(outcome)) {
      violations.push_back({where, "names no known outcome: " + outcome});
    }
  }
}

// Reads a text in protobuf text format; else says line and column of what is wrong.
absl::Status ReadText(const std::string& text, google::protobuf::Message& message) {
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  if (!parser.ParseFromString(text, &message)) {
    return InvalidRequest({Violation{"fact.text", errors.text()}});
  }
  return HoldsOnlyText(message) ? absl::OkStatus() : NotText();
}

absl::Status CheckDeadlines(const std::string& text) {
  v1::Deadlines deadlines;
  RETURN_IF_ERROR(ReadText(text, deadlines));
  std::vector<Violation> violations;
  if (deadlines.deadline_size() == 0 ||
      deadlines.deadline_size() > static_cast<int>(kMostDeadlines)) {
    violations.push_back({"fact.text", StrCat("must hold 1 to ", kMostDeadlines, " deadlines")});
  }
  std::set<std::string> ids;
  for (const v1::Deadline& deadline : deadlines.deadline()) {
    const std::string where = StrCat("fact.text deadline ", deadline.id());
    if (deadline.id().empty() || !ids.insert(deadline.id()).second) {
      violations.push_back({where, "needs an id that no other deadline has"});
    }
    std::vector<std::string> facts(deadline.met_by().begin(), deadline.met_by().end());
    facts.insert(facts.end(), deadline.cancelled_by().begin(), deadline.cancelled_by().end());
    facts.push_back(deadline.starts_with());
    for (const std::string& fact : facts) {
      if (!IsFactName(fact)) violations.push_back({where, StrCat("names no known fact: ", fact)});
    }
    CheckRequestRules(deadline, where, violations);
    const int lengths =
        (deadline.hours() > 0) + (deadline.days() > 0) + (deadline.working_days() > 0);
    if (lengths != 1)
      violations.push_back({where, "needs exactly one of hours, days, working_days"});
  }
  return violations.empty() ? absl::OkStatus() : InvalidRequest(violations);
}

absl::Status CheckRetention(const std::string& text) {
  v1::RetentionRules rules;
  RETURN_IF_ERROR(ReadText(text, rules));
  std::vector<Violation> violations;
  if (rules.rule_size() == 0 || rules.rule_size() > kMostRetentionRules) {
    violations.push_back({"fact.text", StrCat("must hold 1 to ", kMostRetentionRules, " rules")});
  }
  std::set<std::string> ids;
  std::set<std::string> case_types;
  for (const v1::RetentionRule& rule : rules.rule()) {
    const std::string where = StrCat("fact.text rule ", rule.id());
    // A decision names the rule it rests on by this key.
    if (!IsKey(rule.id()) || !ids.insert(rule.id()).second) {
      violations.push_back({where,
                            "needs an id that no other rule has: 1 to 64 of A-Z a-z 0-9 "
                            ". _ - / :"});
    }
    if (!case_types.insert(rule.case_type()).second) {
      violations.push_back({where, rule.case_type().empty()
                                       ? "is a second rule for cases of every type"
                                       : "is a second rule for cases of its type"});
    }
    const int lengths = (rule.years() > 0) + (rule.months() > 0) + (rule.days() > 0);
    if (lengths != 1) violations.push_back({where, "needs exactly one of years, months, days"});
    if (rule.years() > kMostYears || rule.months() > kMostMonths || rule.days() > kMostDays) {
      violations.push_back({where, StrCat("is longer than ", kMostYears, " years")});
    }
  }
  return violations.empty() ? absl::OkStatus() : InvalidRequest(violations);
}

absl::Status CompleteReport(event::v1::ReportDefinitionLoaded& loaded,
                            const std::string& record_name) {
  const auto definition = projections::ParseReportDefinition(loaded.text());
  if (!definition.ok()) {
    return InvalidRequest({Violation{"fact.text", std::string(definition.status().message())}});
  }
  if (!HoldsOnlyText(*definition)) return NotText();
  if (record_name != "report/" + definition->report_id()) {
    return InvalidRequest({Violation{
        "record_id", StrCat("must be report/", definition->report_id(), ", as the text says")}});
  }
  loaded.set_version(definition->version());
  return absl::OkStatus();
}

absl::Status CompleteRules(event::v1::AccessRulesLoaded& loaded, const std::string& record_name) {
  if (record_name != kAccessRulesRecord) {
    return InvalidRequest({Violation{"record_id", StrCat("must be ", kAccessRulesRecord)}});
  }
  const auto rules = access::Rules::Parse(loaded.text(), access::PublicActions());
  if (!rules.ok()) {
    std::vector<Violation> violations;
    for (const auto& error : absl::StrSplit(rules.status().message(), '\n')) {
      violations.push_back({"fact.text", std::string(error)});
    }
    return InvalidRequest(violations);
  }
  loaded.set_version(rules->version());
  return absl::OkStatus();
}

}  // namespace

absl::Status CompleteDefinition(event::v1::Fact& fact, const std::string& record_name) {
  if (fact.has_report_definition_loaded()) {
    return CompleteReport(*fact.mutable_report_definition_loaded(), record_name);
  }
  if (fact.has_deadlines_loaded()) {
    if (!record_name.starts_with("deadlines/")) {
      return InvalidRequest(
          {Violation{"record_id", "must be deadlines/AGENCY or deadlines/default"}});
    }
    return CheckDeadlines(fact.deadlines_loaded().text());
  }
  if (fact.has_retention_rules_loaded()) {
    if (!record_name.starts_with("retention/")) {
      return InvalidRequest(
          {Violation{"record_id", "must be retention/AGENCY or retention/default"}});
    }
    return CheckRetention(fact.retention_rules_loaded().text());
  }
  if (fact.has_access_rules_loaded()) {
    return CompleteRules(*fact.mutable_access_rules_loaded(), record_name);
  }
  return absl::OkStatus();
}

}  // namespace caseledger::commands
