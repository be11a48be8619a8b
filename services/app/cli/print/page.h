// Pages to read and to print: no script, nothing from elsewhere, every text escaped; Vietnamese and
// English.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"
#include "services/app/cli/print/json.h"

namespace caseledger::cli {

// Up to the end of the page's first heading, and after everything.
std::string PageBegin(std::string_view title, std::string_view heading);
std::string PageEnd();

// For text between tags and in attributes. Characters that hide or turn around others are shown.
std::string Escaped(std::string_view text);

// A row of a table of two columns; nothing without a value.
std::string PageRow(std::string_view heading, std::string_view value);

// A row for each value within, named by its way through the message; `label` names its parts.
std::string FieldRows(const Json& json, const std::string& way,
                      const std::function<std::string(const std::string& field)>& label);

// `Hồ sơ vụ việc / Case`.
std::string PageKindName(options::v1::RecordKind kind);

// As people in Viet Nam write it, to the second.
std::string PageTime(Micros time);
// When it occurred, no more of it than is known.
std::string OccurredText(const v1::RecordedEvent& event);

}  // namespace caseledger::cli
