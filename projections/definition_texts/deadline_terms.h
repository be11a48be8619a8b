// Deadlines as the text of a `Deadlines` gives them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/v1/deadlines.pb.h"
#include "eventstore/base/clock.h"

namespace caseledger::projections {

// DATA_LOSS when the text is no `Deadlines` in protobuf text format; it was one when it was loaded.
absl::StatusOr<v1::Deadlines> ReadDeadlines(std::string_view text);

// Name of the fact in `Fact`, such as `case_opened`; "" when none is set.
std::string NameOf(const event::v1::Fact& fact);

// Whether a request of a data subject of that kind starts the deadline.
bool Starts(const v1::Deadline& deadline, std::string_view request_kind);
// Whether a fact that goes with what started it ends the deadline: meets or cancels it.
bool Ends(const v1::Deadline& deadline, const event::v1::Fact& fact);
// The last moment in which it is met.
Micros DueAt(const v1::Deadline& deadline, Micros start);

}  // namespace caseledger::projections
