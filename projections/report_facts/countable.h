// Which fields of a fact may be counted, and their values as codes.
//
// An allow-list, so that a field added to a fact later stays out until its annotations let it in:
// codes, references, keys, short names of lines, numbers, times and units with a sensitivity of
// public or internal. Nothing sealed, no free text, no names, no external references.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace caseledger::projections {

// Whether the field, by its own annotations, may be kept and counted.
bool IsCountable(const google::protobuf::FieldDescriptor& field);

// Clears every field that is not countable, and all fields this program does not know.
void KeepCountable(google::protobuf::Message& message);

// The code of an enum value: `CONTACT_OUTCOME_COUNSELLED` is `counselled`. A number this program
// does not know is its own code. "" for the value 0, which says nothing.
std::string EnumCode(const google::protobuf::EnumDescriptor& type, int number);

// The known values at the end of `path` (fields from `message` down), as codes; numbers and times
// (microseconds) in decimal, units as `CODE@VERSION`. Empty when nothing is known.
std::vector<std::string> ReadValues(
    const google::protobuf::Message& message,
    const std::vector<const google::protobuf::FieldDescriptor*>& path);

// Microseconds in the Timestamp field `field` of `message`; `otherwise` when it is not set.
int64_t ReadTime(const google::protobuf::Message& message, const char* field, int64_t otherwise);

// The string in the field `field` of `message`; "" when there is no such field.
std::string ReadString(const google::protobuf::Message& message, const char* field);

}  // namespace caseledger::projections
