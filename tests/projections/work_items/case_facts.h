// Facts of cases and contacts as the tests of this folder need them, and deadlines about them.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/support/recorded_events.h"

namespace caseledger::projections::testing {

inline constexpr Micros kHour = 3'600 * kMicrosPerSecond;
inline constexpr Micros kDay = 24 * kHour;

inline eventstore::StreamId Case(std::string_view name) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_CASE_RECORD, name);
}
inline eventstore::StreamId Contact(std::string_view name) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_CONTACT, name);
}
inline eventstore::StreamId DeadlinesOf(const std::string& agency) {
  return caseledger::testing::NamedStream(options::v1::RECORD_KIND_DEFINITION,
                                          "deadlines/" + agency);
}
inline event::v1::Fact FactOf(const std::string& text) {
  event::v1::Fact fact;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fact)) << text;
  return fact;
}
inline event::v1::Fact Opened(const std::string& agency, const std::string& type = "trafficking",
                              const std::string& worker = "nv-1") {
  return FactOf("case_opened { case_type: '" + type + "' owner_agency_id: '" + agency +
                "' owner_worker_id: '" + worker + "' }");
}
inline event::v1::Fact Assigned(const std::string& agency, const std::string& worker) {
  return FactOf("owner_assigned { owner_agency_id: '" + agency + "' owner_worker_id: '" + worker +
                "' }");
}
// A draft within `draft` days, a first measure of children at risk within `measure` hours, a review
// of each separation, a contact ban, and the answer to a forwarded report.
inline event::v1::Fact Deadlines(const std::string& agency, int draft = 5, int measure = 12) {
  event::v1::Fact fact;
  fact.mutable_deadlines_loaded()->set_agency_id(agency);
  fact.mutable_deadlines_loaded()->set_text(
      "deadline { id: 'draft' label_vi: 'Kế hoạch' starts_with: 'case_opened' met_by: "
      "'plan_drafted' cancelled_by: 'case_closed' days: " +
      std::to_string(draft) +
      " } deadline { id: 'measure' starts_with: 'case_opened' case_type: 'child_protection' "
      "met_by: "
      "'service_delivered' met_by: 'separation_ordered' cancelled_by: 'case_closed' hours: " +
      std::to_string(measure) +
      " } deadline { id: 'review' starts_with: 'separation_ordered' met_by: 'separation_extended' "
      "met_by: 'separation_lifted' days: 15 } "
      "deadline { id: 'ban' starts_with: 'emergency_started' met_by: 'contact_ban_issued' "
      "cancelled_by: 'emergency_ended' hours: 12 } "
      "deadline { id: 'answer' starts_with: 'report_forwarded' met_by: 'report_acknowledged' "
      "hours: 24 } "
      "deadline { id: 'request' starts_with: 'data_request_received' met_by: "
      "'data_request_answered' working_days: 2 }");
  return fact;
}

}  // namespace caseledger::projections::testing
