#include "projections/report_facts/definition.h"

#include <charconv>
#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "projections/report_facts/compiled.h"
#include "projections/report_facts/facts_as_of.h"

namespace caseledger::projections {
namespace {

using google::protobuf::TextFormat;

class SyntaxErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    lines_.push_back(StrCat("line ", line + 1, ", column ", column + 1, ": ", message));
  }
  absl::Status ToStatus() const { return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n")); }

 private:
  std::vector<std::string> lines_;
};

struct DefinitionName {
  std::string report_id;
  std::optional<uint32_t> version;
};

absl::StatusOr<DefinitionName> ReadName(std::string_view name) {
  const size_t at = name.find('@');
  DefinitionName read{std::string(name.substr(0, at)), std::nullopt};
  if (at == std::string_view::npos) return read;
  const std::string_view digits = name.substr(at + 1);
  uint32_t version = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return absl::InvalidArgumentError("a report is named NAME or NAME@VERSION");
  }
  read.version = version;
  return read;
}

}  // namespace

absl::StatusOr<v1::ReportDefinition> ParseReportDefinition(std::string_view text) {
  if (text.size() > kMaxDefinitionBytes) {
    return absl::InvalidArgumentError("the definition is over 1,600,000 bytes");
  }
  SyntaxErrors errors;
  TextFormat::ParseInfoTree places;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&places);
  v1::ReportDefinition definition;
  if (!parser.ParseFromString(std::string(text), &definition)) return errors.ToStatus();
  if (absl::Status status = CompileReport(definition, &places).status(); !status.ok()) {
    return status;
  }
  return definition;
}

absl::StatusOr<LoadedDefinition> FindDefinition(const ReadSnapshot& snapshot, std::string_view name,
                                                uint64_t as_of_events) {
  ASSIGN_OR_RETURN(const DefinitionName wanted, ReadName(name));
  ASSIGN_OR_RETURN(const std::unique_ptr<FactsAsOf> facts, FactsAsOf::Open(snapshot, as_of_events));
  std::optional<LoadedDefinition> newest;
  RETURN_IF_ERROR(facts->VisitByTime(
      event::v1::Fact::kReportDefinitionLoaded, kBeginOfTime, kEndOfTime,
      [&](const Timeline&, const FactInForce& fact) {
        const event::v1::ReportDefinitionLoaded& loaded = fact.fact.report_definition_loaded();
        if (loaded.report_id() != wanted.report_id) return absl::OkStatus();
        if (wanted.version.has_value() && loaded.version() != *wanted.version) {
          return absl::OkStatus();
        }
        if (newest.has_value() && newest->position > fact.from) return absl::OkStatus();
        newest = {loaded.report_id(), loaded.version(), loaded.text(), fact.from};
        return absl::OkStatus();
      }));
  if (newest.has_value()) return *std::move(newest);
  return absl::NotFoundError(StrCat("no report definition `", name, "` is loaded"));
}

}  // namespace caseledger::projections
