// An import and what became of its rows, for every command that imports.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/app/cli/client/connection.h"
#include "services/app/cli/import/importer.h"

namespace caseledger::cli {

// `called`: how the only file is called in what is printed; "": files have their own names.
absl::StatusOr<int> RunImport(const ImportOptions& import_options, const ClientOptions& options,
                              const std::string& called = "");

}  // namespace caseledger::cli
