// Messages as JSON for machines: field names as in the protos, numbers as numbers, times as RFC
// 3339 in UTC, enumerators by name, bytes in hexadecimal. Enumerators and messages that are not set
// are left out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "google/protobuf/message.h"

namespace caseledger::cli {

using Json = nlohmann::ordered_json;

Json ToJson(const google::protobuf::Message& message);

// One document with its line end.
std::string ToDocument(const Json& json);
// One line with its end, for streams.
std::string ToJsonLine(const Json& json);

}  // namespace caseledger::cli
