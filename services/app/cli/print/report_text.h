// A report for people and for files.
#pragma once

#include <string>

#include "caseledger/v1/dashboard.pb.h"

namespace caseledger::cli {

// Whether some figure could be more: what lies in units that cannot be told in the places asked
// for.
bool HasNotAttributable(const v1::RunReportResponse& report);

// With one more column `not_attributable` when there is such a figure. Header
// `row,parent,value,unit,label_vi,label_en` and one line a row, ended by LF.
std::string ReportAsCsv(const v1::RunReportResponse& report);

// Rows under their parents, and what the report reflects.
std::string ReportAsTable(const v1::RunReportResponse& report);

}  // namespace caseledger::cli
