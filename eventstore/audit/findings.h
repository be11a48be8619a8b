// How the rules of an audit say what is wrong.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "eventstore/base/strings.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// The newest event of every stream, as the log tells.
using StreamHeads = absl::flat_hash_map<StreamId, StreamHead>;

inline absl::Status Broken(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(StrCat("ledger ", ledger, ": ", what));
}

inline std::string StreamText(const StreamId& stream) {
  return StrCat("record ", stream.id.ToString(), " of kind ", stream.kind);
}

}  // namespace caseledger::eventstore
