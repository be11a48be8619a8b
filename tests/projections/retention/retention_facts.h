// Facts that decide how long a case is kept, as the tests of this folder need them.
#pragma once

#include <string>

#include "caseledger/event/v1/fact.pb.h"
#include "tests/support/recorded_events.h"

namespace caseledger::projections::testing {

inline constexpr Micros kDay = 86'400 * kMicrosPerSecond;

inline eventstore::StreamId Case(std::string_view name) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_CASE_RECORD, name);
}
inline eventstore::StreamId Person(std::string_view name) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_PERSON, name);
}
inline eventstore::StreamId RulesOf(const std::string& agency) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_DEFINITION,
                                          "retention/" + agency);
}

inline event::v1::Fact Opened(const std::string& type, const std::string& agency = "x") {
  event::v1::Fact fact;
  fact.mutable_case_opened()->set_case_type(type);
  fact.mutable_case_opened()->set_owner_agency_id(agency);
  fact.mutable_case_opened()->mutable_note()->set_text("secret");
  return fact;
}
inline event::v1::Fact Added(std::string_view person) {
  event::v1::Fact fact;
  fact.mutable_participant_added()->set_person_id(Person(person).id.ToString());
  fact.mutable_participant_added()->set_role(event::v1::PARTICIPANT_ROLE_CLIENT);
  return fact;
}
inline event::v1::Fact Closed() {
  event::v1::Fact fact;
  fact.mutable_case_closed()->set_reason("goals_met");
  return fact;
}
inline event::v1::Fact Reopened() {
  event::v1::Fact fact;
  fact.mutable_case_reopened()->set_reason("again");
  return fact;
}
inline event::v1::Fact HoldPlaced(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_legal_hold_placed()->set_hold_id(id);
  return fact;
}
inline event::v1::Fact HoldLifted(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_legal_hold_lifted()->set_hold_id(id);
  return fact;
}
inline event::v1::Fact Erased() {
  event::v1::Fact fact;
  fact.mutable_person_erased()->set_request_id("r");
  return fact;
}
// Days for `trafficking`, and for every other type when not 0.
inline event::v1::Fact Rules(const std::string& agency, int trafficking, int others = 0) {
  event::v1::Fact fact;
  fact.mutable_retention_rules_loaded()->set_agency_id(agency);
  std::string text =
      "rule { id: 't' case_type: 'trafficking' days: " + std::to_string(trafficking) + " } ";
  if (others > 0) text += "rule { id: 'rest' days: " + std::to_string(others) + " } ";
  fact.mutable_retention_rules_loaded()->set_text(text);
  return fact;
}

}  // namespace caseledger::projections::testing
