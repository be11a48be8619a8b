#include "projections/read_model/kept_rows.h"

#include <optional>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "eventstore/base/status_macros.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {

absl::Status ReplaceRows(const std::string& keys_key,
                         const std::vector<std::pair<std::string, std::string>>& rows,
                         ReadModelBatch& batch) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(keys_key));
  std::vector<std::string> old;
  if (stored.has_value()) {
    ASSIGN_OR_RETURN(old, DecodeRow<std::vector<std::string>>(*stored));
  }
  absl::flat_hash_set<std::string_view> gone(old.begin(), old.end());
  std::vector<std::string> keys;
  keys.reserve(rows.size());
  for (const auto& [key, value] : rows) {
    keys.push_back(key);
    if (gone.erase(key) > 0) {
      // Looking is cheaper than writing again what is there.
      ASSIGN_OR_RETURN(const std::optional<std::string> before, batch.Get(key));
      if (before == value) continue;
    }
    batch.Put(key, value);
  }
  for (const std::string_view key : gone) batch.Delete(key);
  if (keys == old) return absl::OkStatus();
  if (keys.empty()) {
    batch.Delete(keys_key);
  } else {
    batch.Put(keys_key, EncodeRow(keys));
  }
  return absl::OkStatus();
}

}  // namespace caseledger::projections
