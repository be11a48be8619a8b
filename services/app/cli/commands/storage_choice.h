// Flags of commands that work on the ledgers of a stopped server.
#pragma once

#include <CLI/CLI.hpp>

#include "services/app/storage/storage.h"

namespace caseledger::cli {

inline void AddStorageChoice(CLI::App& command, app::StorageChoice& choice) {
  command.add_option("--engine", choice.engine, "The server's --engine")
      ->capture_default_str()
      ->check(CLI::IsMember({app::kRocksDb, app::kPostgres}));
  command.add_option("--dsn", choice.dsn, "The server's --dsn, with --engine postgres")
      ->envname(app::kDsnVariable);
}

}  // namespace caseledger::cli
