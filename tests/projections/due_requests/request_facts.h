// Facts about what people ask of their data, and deadlines, as the tests of this folder need them.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "caseledger/event/v1/fact.pb.h"
#include "tests/support/recorded_events.h"

namespace caseledger::projections::testing {

inline constexpr Micros kDay = 86'400 * kMicrosPerSecond;

inline eventstore::StreamId Person(std::string_view name) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_PERSON, name);
}
inline eventstore::StreamId DeadlinesOf(const std::string& agency) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_DEFINITION,
                                          "deadlines/" + agency);
}

inline event::v1::Fact Received(const std::string& key, const std::string& kind) {
  event::v1::Fact fact;
  auto& received = *fact.mutable_data_request_received();
  received.set_request_id(key);
  received.set_request_kind(kind);
  received.set_asked_by("self");
  received.mutable_note()->set_text("secret");
  return fact;
}
inline event::v1::Fact Answered(const std::string& key, event::v1::DataRequestOutcome outcome) {
  event::v1::Fact fact;
  fact.mutable_data_request_answered()->set_request_id(key);
  fact.mutable_data_request_answered()->set_outcome(outcome);
  return fact;
}
inline event::v1::Fact Decided(const std::string& key, const std::string& rule = "") {
  event::v1::Fact fact;
  fact.mutable_erasure_decided()->set_request_id(key);
  fact.mutable_erasure_decided()->set_retention_rule(rule);
  return fact;
}
inline event::v1::Fact Approved(const std::string& key) {
  event::v1::Fact fact;
  fact.mutable_erasure_approved()->set_request_id(key);
  return fact;
}
inline event::v1::Fact Erased(const std::string& key) {
  event::v1::Fact fact;
  fact.mutable_person_erased()->set_request_id(key);
  return fact;
}
// The three deadlines of the delivered file, in other lengths when asked for.
inline event::v1::Fact Deadlines(const std::string& agency, int answer = 2, int access = 10,
                                 int erasure = 20) {
  event::v1::Fact fact;
  fact.mutable_deadlines_loaded()->set_agency_id(agency);
  fact.mutable_deadlines_loaded()->set_text(
      "deadline { id: 'plan_draft' starts_with: 'case_opened' met_by: 'plan_drafted' days: 5 } "
      "deadline { id: 'answer' basis: 'Law' starts_with: 'data_request_received' "
      "met_by: 'data_request_answered' met_by: 'erasure_decided' met_by: 'person_erased' "
      "working_days: " +
      std::to_string(answer) +
      " } "
      "deadline { id: 'access' starts_with: 'data_request_received' request_kind: 'access' "
      "met_by: 'data_request_answered' outcome: 'fulfilled' outcome: 'refused' days: " +
      std::to_string(access) +
      " } "
      "deadline { id: 'erasure' starts_with: 'data_request_received' request_kind: 'erasure' "
      "met_by: 'person_erased' met_by: 'data_request_answered' outcome: 'refused' days: " +
      std::to_string(erasure) + " } ");
  return fact;
}

}  // namespace caseledger::projections::testing
