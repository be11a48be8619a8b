// Facts of an access trail, told in a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "tests/support/recorded_events.h"

namespace caseledger::testing {

inline eventstore::StreamId CaseNamed(std::string_view name) {
  return NamedStream(options::v1::RECORD_KIND_CASE_RECORD, name);
}

inline void NameRecord(const eventstore::StreamId& record, event::v1::TrailRecord& out) {
  out.set_kind(static_cast<options::v1::RecordKind>(record.kind));
  out.set_record_id(record.id.ToString());
}

inline event::v1::Fact Accessed(const std::vector<eventstore::StreamId>& records) {
  event::v1::Fact fact;
  fact.mutable_record_accessed()->set_action("GetCase");
  for (const auto& record : records) {
    NameRecord(record, *fact.mutable_record_accessed()->add_records());
  }
  return fact;
}

inline event::v1::Fact Denied(const eventstore::StreamId& record) {
  event::v1::Fact fact;
  fact.mutable_access_denied()->set_reason("NO_RELATION");
  NameRecord(record, *fact.mutable_access_denied()->mutable_record());
  return fact;
}

inline event::v1::Fact Disclosed(const eventstore::StreamId& record, const Uuid& person,
                                 const std::string& recipient, const std::string& consent) {
  event::v1::Fact fact;
  event::v1::DisclosureMade& made = *fact.mutable_disclosure_made();
  NameRecord(record, *made.mutable_access()->add_records());
  made.set_person_id(person.ToString());
  made.set_recipient_agency_id(recipient);
  made.set_consent_id(consent);
  return fact;
}

// A file about these.
inline event::v1::Fact Exported(const std::vector<eventstore::StreamId>& records,
                                const std::string& recipient) {
  event::v1::Fact fact;
  event::v1::DisclosureMade& made = *fact.mutable_disclosure_made();
  for (const auto& record : records) NameRecord(record, *made.mutable_access()->add_records());
  made.set_recipient_agency_id(recipient);
  return fact;
}

inline event::v1::Fact BreakGlassUsed(const eventstore::StreamId& record,
                                      const std::string& owner) {
  event::v1::Fact fact;
  NameRecord(record, *fact.mutable_break_glass_used()->mutable_record());
  fact.mutable_break_glass_used()->set_owner_agency_id(owner);
  return fact;
}

inline event::v1::Fact BreakGlassReviewed(const Uuid& use) {
  event::v1::Fact fact;
  fact.mutable_break_glass_reviewed()->set_break_glass_event_id(use.ToString());
  return fact;
}

}  // namespace caseledger::testing
