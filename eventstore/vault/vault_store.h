// Where the vault keeps its rows: sorted keys and values. Engines differ, the vault does not.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// Rows to put, or with nullopt to remove.
using VaultChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Thread-safe; every call may block on storage.
class VaultStore {
 public:
  virtual ~VaultStore() = default;

  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;

  // The values of `keys`, in their order. In one round trip where a look is one.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const;

  // Rows whose keys begin with `prefix`, in order of their bytes, until `visit` returns false.
  virtual absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const = 0;

  // All or nothing. With `durable`, this and every write before survives a crash of the machine
  // when it returns OK; without, a crash of the program.
  // UNAVAILABLE  storage failed: what was written is unknown. Some stores write nothing more until
  //              they are reopened; with the others the same changes may be written again.
  virtual absl::Status Write(const VaultChanges& changes, bool durable) = 0;

  // Removes what was overwritten or removed from the files, too.
  virtual absl::Status Purge() = 0;
};

}  // namespace caseledger::eventstore
