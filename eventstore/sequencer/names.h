// Names of records: unique per kind and source for ever.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "eventstore/log.h"

namespace caseledger::eventstore {

using FindMark = absl::FunctionRef<absl::StatusOr<std::optional<std::string>>(std::string_view)>;
// Keys and values that a commit will write.
using NewMarks = absl::flat_hash_map<std::string, std::string>;

// As LedgerView::FindName.
absl::StatusOr<std::optional<StreamId>> FindNameInMarks(uint32_t kind, std::string_view source,
                                                        std::string_view value, FindMark find);

// Gives `name` to its record: adds to `marks` what that changes. `find` sees `marks` too. A record
// may be given a name again that it bears already.
//
// ALREADY_EXISTS    EXTERNAL_REF_TAKEN: another record bears the name
// INVALID_ARGUMENT  the name is empty or too long
absl::Status TakeName(const NewName& name, FindMark find, NewMarks& marks);

}  // namespace caseledger::eventstore
