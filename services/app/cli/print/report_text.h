// A report for people and for files.
#pragma once

#include <string>

#include "caseledger/v1/dashboard.pb.h"

namespace caseledger::cli {

// Header `row,parent,value,unit,label_vi,label_en` and one line a row, ended by LF.
std::string ReportAsCsv(const v1::RunReportResponse& report);

// Rows under their parents, and what the report reflects.
std::string ReportAsTable(const v1::RunReportResponse& report);

}  // namespace caseledger::cli
