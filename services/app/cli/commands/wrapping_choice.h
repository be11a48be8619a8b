// Flags of commands that need the wrapping keys of a stopped server's vault.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "services/app/storage/move.h"

namespace caseledger::cli {

inline void AddWrappingChoice(CLI::App& command, std::string& folder, app::WrappingToken& token) {
  command.add_option("--wrapping-key-dir", folder,
                     "The server's --wrapping-key-dir, when it has one");
  command.add_option(
      "--wrapping-token-module", token.module_path,
      "PKCS#11 module of a token that holds the wrapping keys instead of files: a .so "
      "file of the token's maker; with the next two");
  command.add_option("--wrapping-token", token.token_label, "Label of that token");
  command.add_option("--wrapping-pin-file", token.pin_file,
                     "File whose first line is the token's user PIN; its user's alone");
  command
      .add_option("--wrapping-key-label", token.key_label,
                  "Label of the keys in the token; vaults that share one have labels of their own")
      ->capture_default_str();
}

}  // namespace caseledger::cli
