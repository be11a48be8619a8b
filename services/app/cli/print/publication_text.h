// Published reports for people and for files.
#pragma once

#include <string>
#include <string_view>

#include "caseledger/v1/publication.pb.h"

namespace caseledger::cli {

// Stands for a figure that is withheld.
inline constexpr std::string_view kWithheld = "*";

// Header `row,parent,value,unit,label_vi,label_en`, with the fields of groups as ReportAsCsv has
// them, and one line a figure, ended by LF. What is withheld has no value.
std::string PublicationAsCsv(const v1::GetPublishedReportResponse& report);

// Rows under their parents, what is withheld as `*`, and beside them, when it restates another,
// what they were and how they differ. What was published when, first.
std::string PublicationAsTable(const v1::GetPublishedReportResponse& report);

}  // namespace caseledger::cli
