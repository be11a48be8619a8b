// What of a message is shown at a level: fields above it are cleared, by the sensitivity that the
// protos say. What does not say how sensitive it is counts as internal.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "services/access/rules/rules.h"

namespace caseledger::access {

// Clears every field of `message` (and within it) that is more sensitive than `level`; fields that
// this program does not know, too, unless all is shown. A sealed part (free text, what is personal)
// of which nothing personal is left goes as a whole, so that not even its being there is told. True
// when something was cleared.
//
// At Level::kShared a personal or sensitive field stays when `shared` has its name (`full_name`),
// the name of the field that holds its message in the fact (`risk_assessed`), or both with a dot
// (`person_registered.full_name`); never a location-secret one. Free text goes by the name of the
// field that holds it (`findings`, `risk_assessed.findings`), since the text itself is called
// `text` everywhere.
//
// Thread-safe. For types that are linked in.
bool Redact(google::protobuf::Message& message, Level level,
            const std::vector<std::string>& shared);

// Whether a message of this type can hold anything above `level`, so that most are sent as they
// are.
bool MayHoldMoreThan(const google::protobuf::Descriptor& type, Level level);

}  // namespace caseledger::access
