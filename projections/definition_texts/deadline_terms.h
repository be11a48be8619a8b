// Deadlines as the text of a `Deadlines` gives them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/v1/deadlines.pb.h"
#include "eventstore/base/clock.h"
#include "projections/definition_texts/agency_texts.h"

namespace caseledger::projections {

// The texts of deadlines as rows of a projection; see AgencyTexts for the spaces.
std::optional<AgencyTexts::Text> DeadlineTextOf(const event::v1::Fact& fact);
std::vector<std::string> DeadlineTextGroupsOf(const event::v1::Fact& fact);
constexpr AgencyTexts DeadlineTexts(char names_space, char facts_space, char index_space) {
  return {names_space, facts_space, index_space, DeadlineTextGroupsOf, DeadlineTextOf};
}

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
