#include "projections/read_model/kept_rows.h"

#include <optional>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {

absl::Status ReplaceRows(const std::string& keys_key,
                         const std::vector<std::pair<std::string, std::string>>& rows,
                         ReadModelBatch& batch) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(keys_key));
  if (stored.has_value()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> old,
                     DecodeRow<std::vector<std::string>>(*stored));
    for (const std::string& key : old) batch.Delete(key);
    batch.Delete(keys_key);
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows) {
    keys.push_back(key);
    batch.Put(key, value);
  }
  if (!keys.empty()) batch.Put(keys_key, EncodeRow(keys));
  return absl::OkStatus();
}

}  // namespace caseledger::projections
