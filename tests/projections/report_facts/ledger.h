// A ledger of hand-made facts, applied to a `report-facts` table in memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/clock.h"
#include "projections/read_model/read_model.h"
#include "projections/report_facts/evaluator.h"
#include "projections/report_facts/report_facts.h"

namespace caseledger::projections {

// UUID of the record or event called `name` in a test.
std::string Id(std::string_view name);

// A fact in protobuf text format. `$NAME` stands for the UUID of NAME: `person_id: "$ann"`.
event::v1::Fact ParseFact(std::string text);

// `2024-01-01T00:00:00+07:00`, or a date for its first moment in UTC+7.
Micros At(std::string_view time);

class Ledger {
 public:
  Ledger();

  // Records the fact in the stream of the record `name`, and returns the name of the event. Fails
  // the test when it cannot be applied.
  std::string Record(options::v1::RecordKind kind, std::string_view name, Micros occurred_at,
                     const event::v1::Fact& fact);
  std::string Record(options::v1::RecordKind kind, std::string_view name, std::string_view time,
                     const std::string& fact) {
    return Record(kind, name, At(time), ParseFact(fact));
  }
  // Correction with the replacement's fact in text, and the time it really occurred ("": as said).
  void Correct(options::v1::RecordKind kind, std::string_view name, const std::string& event,
               const std::string& fact, std::string_view time = "");
  void Void(options::v1::RecordKind kind, std::string_view name, const std::string& event);

  // Next events are recorded by this agency.
  void set_agency(std::string agency) { agency_ = std::move(agency); }
  // Next events are recorded then; else when they occur.
  void set_recorded_at(Micros time) { recorded_at_ = time; }
  uint64_t size() const { return next_position_; }
  std::unique_ptr<ReadSnapshot> Snapshot() const { return table_->Snapshot(); }

 private:
  ReportFacts projection_;
  std::unique_ptr<ReadModelStore> store_;
  std::unique_ptr<ReadModelTable> table_;
  std::map<std::string, uint64_t, std::less<>> revisions_;
  std::string agency_ = "ctxh";
  std::optional<Micros> recorded_at_;
  uint64_t next_position_ = 0;
};

// Facts that most tests need. Those that return a string return the name of the event.
void OpenCase(Ledger& ledger, const std::string& name, const std::string& time,
              const std::string& fields = "case_type: 'child_protection'");
std::string AddParticipant(Ledger& ledger, const std::string& name, const std::string& person,
                           const std::string& role, const std::string& time);
std::string Register(Ledger& ledger, const std::string& person, const std::string& time,
                     const std::string& attributes);
std::string Serve(Ledger& ledger, const std::string& case_name, const std::string& time,
                  const std::string& kind, const std::string& person);
std::string EndContact(Ledger& ledger, const std::string& contact, const std::string& time);

// The figure of the report with the one indicator `X` whose body is given; the first half of 2024.
// -1, with a failed expectation, when it cannot be computed.
int64_t Figure(const Ledger& ledger, const std::string& indicator_body, uint64_t as_of_events);
int64_t Figure(const Ledger& ledger, const std::string& indicator_body);

// By how much that figure could be more, for what cannot be attributed to its places.
uint64_t NotAttributable(const Ledger& ledger, const std::string& indicator_body,
                         uint64_t as_of_events);
uint64_t NotAttributable(const Ledger& ledger, const std::string& indicator_body);

// The groups of that indicator, as `VALUE` or `VALUE|VALUE`, in order.
using Groups = std::vector<std::pair<std::string, uint64_t>>;
Groups GroupsOf(const Ledger& ledger, const std::string& indicator_body, uint64_t as_of_events);
Groups GroupsOf(const Ledger& ledger, const std::string& indicator_body);

// A definition with these indicators and identities.
std::string Definition(const std::string& body);

}  // namespace caseledger::projections
