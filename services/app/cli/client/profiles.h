// Named profiles: files NAME.toml with options of the program, in a folder of the user's own. They
// hold the paths of keys and tokens, never these themselves.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/app/cli/client/connection.h"

namespace caseledger::cli {

// Not thread-safe; two programs may use it at a time.
class Profiles {
 public:
  explicit Profiles(std::string folder) : folder_(std::move(folder)) {}
  // In `caseledger` of $XDG_CONFIG_HOME, else of ~/.config.
  static Profiles OfUser();

  // `agency` is FOLDER/agency.toml; what has a slash is a path already; "" stays "".
  std::string PathOf(const std::string& name) const;
  // Sorted; empty when there is no folder yet.
  std::vector<std::string> Names() const;
  // "" when none was chosen, or the chosen one is gone.
  std::string InUse() const;
  // The file's text. NOT_FOUND: says which there are.
  absl::StatusOr<std::string> Read(const std::string& name) const;

  // Writes what the options say, with whole paths, for this user's eyes alone. INVALID_ARGUMENT: a
  // name that is no file name, a text that TOML would need escapes for.
  absl::Status Write(const std::string& name, const ClientOptions& options) const;
  // What is taken when neither --profile nor CASELEDGER_PROFILE says otherwise.
  absl::Status Use(const std::string& name) const;
  absl::Status Remove(const std::string& name) const;

 private:
  std::string CurrentLink() const { return folder_ + "/.in-use"; }

  std::string folder_;
};

// One line for each key or token file that other users of the machine may read.
std::vector<std::string> WarningsOf(const ClientOptions& options);

}  // namespace caseledger::cli
