// Definitions loaded from files: any text is taken or refused with a clean error, and what was
// taken reads again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/codec/utf8.h"
#include "projections/definition_texts/deadline_terms.h"
#include "projections/report_facts/definition.h"
#include "projections/retention/retention_terms.h"
#include "services/commands/definitions.h"
#include "tests/fuzz/support/answers.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

void CheckReport(const std::string& text) {
  event::v1::Fact fact;
  fact.mutable_report_definition_loaded()->set_text(text);
  const auto definition = projections::ParseReportDefinition(text);
  const std::string name = definition.ok() ? "report/" + definition->report_id() : "report/r";
  const absl::Status status = commands::CompleteDefinition(fact, name);
  Check(!status.ok() || definition.ok(), "a report that is taken can be read");
  if (!status.ok()) return CheckRefusal(status);
  CheckResponse(*definition);
}

void CheckDeadlines(const std::string& text) {
  event::v1::Fact fact;
  fact.mutable_deadlines_loaded()->set_text(text);
  const absl::Status status = commands::CompleteDefinition(fact, "deadlines/default");
  if (!status.ok()) return CheckRefusal(status);
  // Else the list of due requests would stop at it.
  Check(projections::ReadDeadlines(text).ok(), "deadlines that are taken can be read");
}

void CheckRetentionRules(const std::string& text) {
  event::v1::Fact fact;
  fact.mutable_retention_rules_loaded()->set_text(text);
  const absl::Status status = commands::CompleteDefinition(fact, "retention/default");
  if (!status.ok()) return CheckRefusal(status);
  const auto rules = projections::ReadRetentionRules(text);
  Check(rules.ok(), "rules that are taken can be read");
  for (const v1::RetentionRule& rule : rules->rule()) {
    Check(projections::RuleFor(*rules, rule.case_type()) == &rule,
          "each rule is the one of its type");
    Check(projections::DueAt(rule, 0) > 0, "what is kept is kept for a time");
  }
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

// The first byte chooses: even a report, 4 n + 3 retention rules, else deadlines.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (!caseledger::eventstore::IsUtf8(text)) return 0;  // does not come through the transport
  if (data[0] % 2 == 0) {
    caseledger::fuzz::CheckReport(text);
  } else if (data[0] % 4 == 3) {
    caseledger::fuzz::CheckRetentionRules(text);
  } else {
    caseledger::fuzz::CheckDeadlines(text);
  }
  return 0;
}
