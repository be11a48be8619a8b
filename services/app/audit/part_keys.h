// The file of an event that says with which keys its sealed parts open: a line for each part.
//
//   caseledger/part-keys@v1
//   20.2.15 mL3...=      field numbers down to the part, and its key in base64
//   20.2.14 erased       or why there is none: `erased`, `unavailable`, `lost`
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/v1/audit.pb.h"
#include "eventstore/sealing/sealed_fact.h"

namespace caseledger::audit {

// INVALID_ARGUMENT when the server sent what is no key.
absl::StatusOr<std::string> PartKeysText(const v1::ExportedEvent& event);

// INVALID_ARGUMENT when it is not what PartKeysText writes.
absl::StatusOr<std::vector<eventstore::PartKey>> ParsePartKeys(std::string_view text);

}  // namespace caseledger::audit
