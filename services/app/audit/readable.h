// The files of a bundle that are for people: made of the proven events alone, so that they can be
// made again and compared.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/app/audit/verify.h"

namespace caseledger::audit {

// One event a line, as JSON.
std::string HistoryLines(const Verified& verified);
// A page to read and to print, in Vietnamese and English.
std::string HistoryPage(const Verified& verified);
// What the bundle shows, what it does not, and how to check it.
std::string Guarantee(const Verified& verified);

// Adds them to the folder. UNAVAILABLE.
absl::Status WriteReadable(const std::string& directory, const Verified& verified);

// DATA_LOSS when one of them is missing or says something else, or when there is a file that does
// not belong to a bundle.
absl::Status CheckReadable(const std::string& directory, const Verified& verified);

}  // namespace caseledger::audit
