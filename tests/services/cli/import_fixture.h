// Small data sets from text, and the sample.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "services/app/cli/import/corrections.h"
#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/row_facts.h"
#include "services/app/cli/import/schema.h"
#include "services/app/cli/import/validate.h"

namespace caseledger::cli {

inline constexpr char kSampleDirectory[] = "deploy/sample/quang-ninh-2024-h1";

// Files as name and content; names without `.csv`.
using Files = std::vector<std::pair<std::string, std::string>>;

struct Loaded {
  Dataset dataset;
  Issues issues;

  std::vector<std::string> IssueLines() const {
    std::vector<std::string> lines;
    for (const Issue& issue : issues) lines.push_back(ToLine(issue));
    return lines;
  }
  RowContext Context() const { return RowContext(dataset, ImportIds("quang-ninh", "qn-csv"), ""); }
};

inline Loaded LoadFiles(const Files& files) {
  Loaded loaded;
  for (const auto& [name, content] : files) {
    const Table* table = name == "corrections" ? &CorrectionsTable() : FindTable(name);
    const absl::Status status = loaded.dataset.Add(*table, content, loaded.issues);
    EXPECT_TRUE(status.ok()) << status;
  }
  Validate(loaded.dataset, loaded.issues);
  return loaded;
}

inline Loaded LoadSample() {
  Loaded loaded;
  auto dataset = Dataset::Load(kSampleDirectory, loaded.issues);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  loaded.dataset = *std::move(dataset);
  Validate(loaded.dataset, loaded.issues);
  return loaded;
}

// The facts that one row became, in their order in the row.
inline std::vector<PlannedFact> FactsOf(const std::vector<PlannedFact>& all,
                                        const std::string& file, const std::string& row_key) {
  std::vector<PlannedFact> facts;
  for (const PlannedFact& fact : all) {
    if (fact.file == file && fact.row_key == row_key) facts.push_back(fact);
  }
  std::ranges::sort(facts, {}, &PlannedFact::ordinal);
  return facts;
}

inline std::vector<std::string> NamesOf(const std::vector<PlannedFact>& facts) {
  std::vector<std::string> names;
  for (const PlannedFact& fact : facts) names.push_back(FactName(fact.fact));
  return names;
}

inline constexpr char kContactHeader[] =
    "contact_id,channel,line,started_at,ended_at,outcome,main_topic,caller_role,unit_code,operator,"
    "case_id\n";
inline constexpr char kCaseHeader[] =
    "case_id,case_type,concerns,opened_at,owner_agency_id,unit_code,risk_level,source_contact_id,"
    "closed_at,closure_reason,reopened_at\n";
inline constexpr char kPersonHeader[] =
    "person_id,full_name,sex,birth,phone,documents,school,unit_code\n";

}  // namespace caseledger::cli
