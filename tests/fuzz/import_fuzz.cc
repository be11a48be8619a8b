// An import before it is sent: files of any content become the same facts each time, each with a
// request of its own, and issues that name a file.
//
// The input is one or more files, each after a line `=== NAME` with the name of its table.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/app/cli/import/corrections.h"
#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/planned_fact.h"
#include "services/app/cli/import/row_facts.h"
#include "services/app/cli/import/validate.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

constexpr std::string_view kFileMark = "=== ";

const cli::Table* TableOf(std::string_view name) {
  return name == cli::CorrectionsTable().name ? &cli::CorrectionsTable() : cli::FindTable(name);
}

cli::Dataset ReadFiles(std::string_view input, cli::Issues& issues) {
  cli::Dataset dataset;
  while (input.starts_with(kFileMark)) {
    input.remove_prefix(kFileMark.size());
    const size_t line_end = std::min(input.find('\n'), input.size());
    const cli::Table* table = TableOf(input.substr(0, line_end));
    input.remove_prefix(std::min(line_end + 1, input.size()));
    size_t end = input.starts_with(kFileMark) ? 0 : input.find("\n=== ");
    end = end == std::string_view::npos ? input.size() : std::min(end + (end > 0), input.size());
    // A file comes once, as in a folder.
    if (table != nullptr && !dataset.Get(table->name).present) {
      dataset.Add(*table, input.substr(0, end), issues).IgnoreError();
    }
    input.remove_prefix(end);
  }
  return dataset;
}

std::vector<std::string> BytesOf(const std::vector<cli::PlannedFact>& facts,
                                 const cli::ImportIds& ids) {
  std::vector<std::string> bytes;
  for (const cli::PlannedFact& planned : facts) {
    bytes.push_back(cli::ToCommand(planned, ids).SerializeAsString());
  }
  return bytes;
}

void CheckFacts(const std::vector<cli::PlannedFact>& facts, const cli::ImportIds& ids) {
  for (const cli::PlannedFact& planned : facts) {
    Check(!planned.request_id.empty(), "every fact has a request id");
    v1::Command command;
    Check(command.ParseFromString(cli::ToCommand(planned, ids).SerializeAsString()),
          "a planned command can be read by the server");
  }
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  cli::Issues issues;
  cli::Dataset dataset = fuzz::ReadFiles({reinterpret_cast<const char*>(data), size}, issues);
  cli::Validate(dataset, issues);
  const cli::RowContext context(dataset, cli::ImportIds("qn", "qn-csv"), "hotline");
  const std::vector<cli::PlannedFact> facts = cli::FactsOfDataset(context);
  fuzz::CheckFacts(facts, context.ids());
  fuzz::Check(fuzz::BytesOf(facts, context.ids()) ==
                  fuzz::BytesOf(cli::FactsOfDataset(context), context.ids()),
              "the same rows give the same facts");
  for (const cli::CorrectionStep& step : cli::PlanCorrections(context, issues)) {
    fuzz::Check(!step.request_id.empty(), "every correction has a request id");
    cli::ToHeader(step, context.ids());
  }
  for (const cli::Issue& issue : issues) {
    fuzz::Check(!issue.file.empty() && issue.at.line >= 1, "an issue says where it is");
  }
  return 0;
}
