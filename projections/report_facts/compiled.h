// A report definition with all names resolved: what parsing checks and the evaluator runs.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caseledger/v1/report_definition.pb.h"
#include "google/protobuf/text_format.h"
#include "projections/report_facts/catalogue.h"

namespace caseledger::projections {

struct CompiledFilter {
  FieldPath field;
  std::set<std::string> any_of;
  std::set<std::string> none_of;
  std::optional<int64_t> min;
  std::optional<int64_t> max;
  std::set<std::string> within;  // `CODE@VERSION`
  bool or_unknown = false;
};

// A field by whose values the figure is split.
struct CompiledGrouping {
  FieldPath field;
  std::vector<int64_t> edges;        // rising
  std::set<std::string> unit_kinds;  // to roll up to
  std::string unit_version;          // in which units are told; "": each in its own
};

// What the indicator's figure is made of.
struct CompiledCount {
  enum class What { kFact, kPerson, kCase, kContact, kRecord, kField, kSum };
  What what = What::kFact;
  FieldPath field;  // kField, kSum
};

struct CompiledIndicator {
  CountedFact fact;
  bool persons_are_record = false;   // the person whose stream the fact is in
  std::optional<FieldPath> persons;  // or a path to them
  CompiledCount count;
  std::vector<CompiledFilter> filters;  // the parent's first, when this narrows it
  std::vector<CompiledGrouping> by;
  std::vector<std::string> group_fields;  // their paths
  v1::PeriodRule period = v1::PERIOD_RULE_UNSPECIFIED;

  bool ForEachPerson() const { return persons_are_record || persons.has_value(); }
};

struct CompiledReport {
  absl::TimeZone zone;
  std::vector<CompiledIndicator> indicators;  // one for each row, in their order
};

// INVALID_ARGUMENT lists every problem, one a line, with line and column when `places` is given.
absl::StatusOr<CompiledReport> CompileReport(
    const v1::ReportDefinition& definition,
    const google::protobuf::TextFormat::ParseInfoTree* places);

}  // namespace caseledger::projections
