// What the records around a counted fact say: its case, contact, persons, places. Joined when a
// report is computed, as known at the point it is read at.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "projections/report_facts/attribution.h"
#include "projections/report_facts/catalogue.h"
#include "projections/report_facts/facts_as_of.h"
#include "projections/report_facts/spans.h"

namespace caseledger::projections {

// A fact being counted. The timeline and the fact must outlive it.
struct Subject {
  const Timeline* timeline = nullptr;
  const FactInForce* fact = nullptr;
  Micros at = 0;               // the moment at which attributes are judged
  std::string person;          // the person looked at, as the fact names it; "" for none
  std::string survivor;        // who that person is since merges
  const Span* span = nullptr;  // of which the fact is; nullptr: none
};

// Not thread-safe. `facts` must outlive it.
class Records {
 public:
  // `places`, which must outlive it, is filled when it is first needed; so it may serve several
  // points between which neither units nor successions have changed.
  // `merged`, which must outlive it: the persons a merge was ever about, as known then, so that
  // others need not be read; nullptr: all are.
  Records(FactsAsOf& facts, const absl::TimeZone& zone, std::unique_ptr<Attribution>& places,
          const Streams* merged)
      : facts_(facts), zone_(zone), places_(places), merged_(merged) {}

  // Known values at the path, as codes.
  absl::StatusOr<std::vector<std::string>> Values(const FieldPath& path, const Subject& subject);
  // The record a person stands for after all merges.
  absl::StatusOr<std::string> Survivor(const std::string& person_id);
  // UUIDs of the cases and contacts the fact belongs to.
  absl::StatusOr<std::set<std::string>> CasesOf(const Subject& subject);
  absl::StatusOr<std::set<std::string>> ContactsOf(const Subject& subject);
  // To which places and groups a unit belongs. Stays where it is. What it is made of is not written
  // down as read.
  absl::StatusOr<Attribution*> Places();

 private:
  using Texts = std::vector<std::string>;

  absl::StatusOr<Texts> FactValues(const FieldPath& path, const Subject& subject);
  absl::StatusOr<Texts> StartValues(const FieldPath& path, const Subject& subject);
  absl::StatusOr<Texts> RecordValues(const RecordAttribute& attribute, const Subject& subject);
  absl::StatusOr<Texts> PersonValues(const RecordAttribute& attribute, const Subject& subject);
  absl::StatusOr<Texts> AgeOf(const Subject& subject);
  absl::StatusOr<Texts> RolesOf(const Subject& subject);
  absl::StatusOr<Texts> VictimStatusOf(const Subject& subject);
  absl::StatusOr<std::set<std::string>> RecordsOf(Scope scope, const Subject& subject);
  absl::StatusOr<bool> IsSamePerson(const std::string& person_id, const Subject& subject);

  FactsAsOf& facts_;
  const absl::TimeZone zone_;
  std::unique_ptr<Attribution>& places_;
  const Streams* const merged_;
};

}  // namespace caseledger::projections
