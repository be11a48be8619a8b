// Structured logs: one JSON object a line on standard error. Never personal data: ids, counts,
// codes, reasons.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caseledger::app {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// Sets the lowest level shown: `debug`, `info`, `warn` or `error`.
void SetLogLevel(const std::string& level);

// Thread-safe.
void Log(LogLevel level, std::string_view event,
         const std::vector<std::pair<std::string, std::string>>& fields = {});

}  // namespace caseledger::app
