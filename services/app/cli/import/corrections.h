// What corrections.csv asks for, as steps: facts that say something else now are corrected, facts
// that are gone are voided, facts that are new are recorded.
#pragma once

#include <string>
#include <vector>

#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/issue.h"
#include "services/app/cli/import/planned_fact.h"
#include "services/app/cli/import/row_facts.h"

namespace caseledger::cli {

struct CorrectionStep {
  enum class Kind { kCorrect, kVoid, kRecord };
  Kind kind = Kind::kCorrect;

  // The row of corrections.csv.
  TextPosition at;
  std::string correction_id;
  std::string reason;
  Micros corrected_at = 0;
  std::string request_id;

  // kCorrect, kVoid: request of the fact that is corrected or voided.
  std::string target_request_id;
  // kCorrect, kRecord: the new fact. kVoid: the old one.
  PlannedFact planned;
  // kCorrect: whether it happened at another time than was said.
  bool moved = false;
};

// The steps of all good corrections, in the order of the file; several corrections of one row build
// on one another. Corrections that cannot be made are reported.
std::vector<CorrectionStep> PlanCorrections(const RowContext& context, Issues& issues);

// The header of the step's command: it happened when it was corrected.
v1::CommandHeader ToHeader(const CorrectionStep& step, const ImportIds& ids);

}  // namespace caseledger::cli
