// Events for people.
#pragma once

#include <string>

#include "caseledger/v1/common.pb.h"

namespace caseledger::cli {

// One event: a line that says what, when and who, then its fields, indented.
std::string EventAsText(const v1::RecordedEvent& event);

// The open and personal fields of a message as `name: value` lines, each after `indent`.
std::string FieldsAsText(const google::protobuf::Message& message, const std::string& indent);

}  // namespace caseledger::cli
