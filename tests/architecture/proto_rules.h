// What every message of the project's protos must keep: personal data is sealed, facts know their
// stream, commands have one shape. Judged from descriptors, so that tests can plant wrong ones.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace caseledger::architecture {

// Each takes one message (its nested ones are judged too) and gives one sentence per violation.

// Every field of a `Private` message is PERSONAL or above, every field that holds one is sealed,
// and nothing PERSONAL or above stands outside a sealed message.
std::vector<std::string> SealingViolations(const google::protobuf::Descriptor& message);

// Every field that holds a value of its own says how sensitive it is.
std::vector<std::string> UnsaidSensitivities(const google::protobuf::Descriptor& message);

// A part is sealed under the key of the record that its fact belongs to: in facts of persons by the
// person's, and so on; a text of its own may stand in any. The vault finds keys by the record of
// the stream, so another subject would name a key that no erasure of that subject finds. `fact` is
// the descriptor of caseledger.event.v1.Fact.
std::vector<std::string> SubjectViolations(const google::protobuf::Descriptor& fact);

// Every alternative of `fact` has the stream option, except corrections and voids, which may stand
// in any stream.
std::vector<std::string> StreamViolations(const google::protobuf::Descriptor& fact);

// A request with a `header` of type CommandHeader is {header = 1, record id = 2, fact = 3}, where
// the fact is an alternative of `fact` and the record id is named after the fact's kind of record.
// Facts that may stand in any stream have a `record_kind = 2` before the two.
std::vector<std::string> CommandViolations(const google::protobuf::Descriptor& request,
                                           const google::protobuf::Descriptor& fact);

// Whether the message is a command at all.
bool IsCommand(const google::protobuf::Descriptor& message);

// A method that takes a command answers with a CommandResult.
std::vector<std::string> ServiceViolations(const google::protobuf::ServiceDescriptor& service);

// A method that takes no command asks by ids, codes and positions alone. To ask by what a caller
// knows of a person, such as a telephone number, would tell whether there is a record: who calls a
// hotline may be the one that the person fears. A new text is added to the list once somebody has
// thought of that; SearchPersons is let through by name.
std::vector<std::string> QuestionViolations(const google::protobuf::ServiceDescriptor& service);

}  // namespace caseledger::architecture
